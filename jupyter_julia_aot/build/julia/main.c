/* Start a Julia system image that lies next to this program, and call its entry.
   JULIA_AOT_IMAGE: the image, relative to the program's directory.
   JULIA_AOT_BINDIR: the directory of julia; relative to the program's when it does not begin with /.
   With JULIA_AOT_MODULE the image is Julia's own, and the entry is in that package, in the depot
   JULIA_AOT_DEPOT and with the environment JULIA_AOT_PROJECT beside the program; JULIA_AOT_DEPOTS: others. */
#include <julia.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#if JULIA_VERSION_MAJOR == 1 && JULIA_VERSION_MINOR < 7
JULIA_DEFINE_FAST_TLS()
#else
JULIA_DEFINE_FAST_TLS
#endif

static int own_directory(char *path, size_t size)
{
#ifdef __APPLE__
    uint32_t length = (uint32_t)size;
    if (_NSGetExecutablePath(path, &length) != 0)
        return 0;
#else
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0)
        return 0;
    path[length] = '\0';
#endif
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return 0;
    *slash = '\0';
    return 1;
}

static void below(char *target, size_t size, const char *directory, const char *path)
{
    if (path[0] == '/')
        snprintf(target, size, "%s", path);
    else
        snprintf(target, size, "%s/%s", directory, path);
}

#ifdef JULIA_AOT_MODULE
static void find_package_beside(const char *directory)
{
    static char text[4 * PATH_MAX];
    snprintf(text, sizeof text, "%s/%s:%s", directory, JULIA_AOT_DEPOT, JULIA_AOT_DEPOTS);
    setenv("JULIA_DEPOT_PATH", text, 1);
    snprintf(text, sizeof text, "%s/%s:@stdlib", directory, JULIA_AOT_PROJECT);
    setenv("JULIA_LOAD_PATH", text, 1);
    unsetenv("JULIA_PROJECT");
}
#endif

int main(int argc, char **argv)
{
    static char directory[PATH_MAX], image[2 * PATH_MAX], bindir[2 * PATH_MAX];
    if (!own_directory(directory, sizeof directory)) {
        fprintf(stderr, "%s: cannot tell where this program lies\n", argv[0]);
        return 70;
    }
    below(image, sizeof image, directory, JULIA_AOT_IMAGE);
    below(bindir, sizeof bindir, directory, JULIA_AOT_BINDIR);
    if (access(image, R_OK) != 0) {
        fprintf(stderr, "%s: %s is missing; it belongs to this program\n", argv[0], image);
        return 70;
    }
#ifdef JULIA_AOT_MODULE
    find_package_beside(directory);
#endif
    jl_init_with_image(bindir, image);

    jl_array_t *args = NULL;
    JL_GC_PUSH1(&args);
    args = jl_alloc_array_1d(jl_apply_array_type((jl_value_t *)jl_string_type, 1), (size_t)(argc - 1));
    for (int i = 1; i < argc; i++)
        jl_array_ptr_set(args, (size_t)(i - 1), jl_cstr_to_string(argv[i]));
#ifdef JULIA_AOT_MODULE
    jl_function_t *entry = jl_eval_string("using " JULIA_AOT_MODULE "; " JULIA_AOT_MODULE ".julia_aot_start");
#else
    jl_function_t *entry = jl_get_function(jl_main_module, "julia_aot_start");
#endif
    jl_value_t *value = entry == NULL ? NULL : jl_call1(entry, (jl_value_t *)args);
    int code = value == NULL ? 70 : (int)jl_unbox_int32(value);
    JL_GC_POP();
    jl_atexit_hook(code);
    return code;
}
