/* Stands in for OpenBLAS in a bundle whose program calls no BLAS. libblastrampoline only asks a library
   how it passes integers and complex numbers; these are the functions it asks with (see its
   autodetection.c). Any other BLAS call ends the program with a clear sentence. */
#define _GNU_SOURCE
#include <complex.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void no_blas_here(void)
{
    fputs("this program was built with --slim and without BLAS, but calls it; build it without --slim\n",
          stderr);
    abort();
}

/* Unless told otherwise, libblastrampoline prints a line and goes on with garbage. Done at its first
   question, because this library may be loaded before it. */
static void refuse_others(void)
{
    void *trampoline = dlopen("libblastrampoline.so.5", RTLD_LAZY | RTLD_NOLOAD);
    void (*set_default)(const void *) = NULL;
    if (trampoline != NULL)
        *(void **)&set_default = dlsym(trampoline, "lbt_set_default_func");
    if (set_default != NULL)
        set_default((const void *)no_blas_here);
}

int64_t isamax_64_(const int64_t *n, const float *x, const int64_t *step)
{
    int64_t best = 0;
    refuse_others();
    for (int64_t i = 0; *step > 0 && i < *n; i++) {
        float value = x[i * *step], most = x[best * *step];
        if ((value < 0 ? -value : value) > (most < 0 ? -most : most))
            best = i;
    }
    return *n <= 0 || *step <= 0 ? 0 : best + 1;
}

void dpotrf_64_(const char *part, const int64_t *n, double *a, const int64_t *lead, int64_t *info)
{
    (void)part, (void)n, (void)a, (void)lead;
    *info = -2;
}

double complex zdotc_64_(const int64_t *n, const double complex *x, const int64_t *dx,
                         const double complex *y, const int64_t *dy)
{
    double complex sum = 0;
    for (int64_t i = 0; i < *n; i++)
        sum += conj(x[i * *dx]) * y[i * *dy];
    return sum;
}

float complex cdotc_64_(const int64_t *n, const float complex *x, const int64_t *dx,
                        const float complex *y, const int64_t *dy)
{
    float complex sum = 0;
    for (int64_t i = 0; i < *n; i++)
        sum += conjf(x[i * *dx]) * y[i * *dy];
    return sum;
}

float sdot_64_(const int64_t *n, const float *x, const int64_t *dx, const float *y, const int64_t *dy)
{
    float sum = 0;
    for (int64_t i = 0; i < *n; i++)
        sum += x[i * *dx] * y[i * *dy];
    return sum;
}

static int threads = 1;
void openblas_set_num_threads64_(int count) { threads = count; }
int openblas_get_num_threads64_(void) { return threads; }
