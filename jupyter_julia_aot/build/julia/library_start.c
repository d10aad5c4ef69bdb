/* A library whose Julia lies in a system image next to it: starts that Julia. The functions are in the image.
   JULIA_AOT_IMAGE: the image, relative to this library's directory.
   JULIA_AOT_BINDIR: the directory of julia; relative to this library's when it does not begin with /. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <julia.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int aot_start(void);

int aot_start(void)
{
    static int started;
    static char directory[PATH_MAX], image[2 * PATH_MAX], bindir[2 * PATH_MAX];
    Dl_info own;
    if (started)
        return 0;
    if (jl_is_initialized() || dladdr((void *)aot_start, &own) == 0 || realpath(own.dli_fname, directory) == NULL)
        return 1;
    *strrchr(directory, '/') = '\0';
    snprintf(image, sizeof image, "%s/%s", directory, JULIA_AOT_IMAGE);
    if (JULIA_AOT_BINDIR[0] == '/')
        snprintf(bindir, sizeof bindir, "%s", JULIA_AOT_BINDIR);
    else
        snprintf(bindir, sizeof bindir, "%s/%s", directory, JULIA_AOT_BINDIR);
    /* Signals stay the process's own: Ctrl-C is Python's. */
    jl_options.handle_signals = JL_OPTIONS_HANDLE_SIGNALS_OFF;
    jl_init_with_image(bindir, image);
    started = 1;
    return 0;
}
