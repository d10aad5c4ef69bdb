/* What every Python binding has; the generated file includes this one and adds one wrapper per method.
   A wrapper converts, lets go of the GIL, calls the library, and converts back. Arrays are never copied. */
#include "python_abi.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define AOT_DIMS 8

typedef struct {
    void *data;
    int64_t number;
    int64_t dims[AOT_DIMS];
} aot_array;

/* The form of an array's elements. `format` is what a buffer of them says; for structs asked of NumPy. */
typedef struct {
    const char *name;
    const char *format;
    Py_ssize_t itemsize;
} aot_form;

typedef struct {
    Py_buffer view;
    int held;
} aot_in;

static PyObject *make_error, *as_array, *classes, *owner_type;
static void (*release_value)(int64_t);
static void (*read_fault)(int64_t, int64_t *);

/* ---- faults */

static PyObject *raise_julia(int64_t number)
{
    int64_t words[5] = {0};
    read_fault(number, words);
    PyObject *type = PyUnicode_DecodeUTF8((const char *)words[0], words[1], "replace");
    PyObject *text = PyUnicode_DecodeUTF8((const char *)words[2], words[3], "replace");
    PyObject *line = PyLong_FromLongLong(words[4]);
    release_value(number);
    if (type != NULL && text != NULL && line != NULL) {
        PyObject *error = PyObject_CallFunctionObjArgs(make_error, type, text, line, NULL);
        if (error != NULL) {
            PyErr_SetObject((PyObject *)error->ob_type, error);
            Py_DecRef(error);
        }
    }
    if (type != NULL) Py_DecRef(type);
    if (text != NULL) Py_DecRef(text);
    if (line != NULL) Py_DecRef(line);
    return NULL;
}

static int wrong(const char *where, const char *wanted, PyObject *got)
{
    PyErr_Clear();
    PyObject *name = PyType_GetName(got->ob_type);
    PyErr_Format(PyExc_TypeError, "%s must be %s, not %U", where, wanted, name);
    if (name != NULL) Py_DecRef(name);
    return 0;
}

/* ---- numbers and text in */

static int take_signed(PyObject *o, const char *where, int bits, int64_t *value)
{
    PyObject *index = PyNumber_Index(o);
    if (index == NULL) return wrong(where, "an integer", o);
    long long got = PyLong_AsLongLong(index);
    Py_DecRef(index);
    if ((got == -1 && PyErr_Occurred()) ||
        (bits < 64 && (got < -(1LL << (bits - 1)) || got >= (1LL << (bits - 1))))) {
        PyErr_Clear();
        PyErr_Format(PyExc_OverflowError, "%s does not fit Int%d", where, bits);
        return 0;
    }
    *value = got;
    return 1;
}

static int take_unsigned(PyObject *o, const char *where, int bits, uint64_t *value)
{
    PyObject *index = PyNumber_Index(o);
    if (index == NULL) return wrong(where, "an integer", o);
    unsigned long long got = PyLong_AsUnsignedLongLong(index);
    Py_DecRef(index);
    if (PyErr_Occurred() || (bits < 64 && got >> bits != 0)) {
        PyErr_Clear();
        PyErr_Format(PyExc_OverflowError, "%s does not fit UInt%d", where, bits);
        return 0;
    }
    *value = got;
    return 1;
}

static int take_wide(PyObject *o, const char *where, int is_signed, uint64_t *low, int64_t *high)
{
    PyObject *index = PyNumber_Index(o), *shift = NULL, *upper = NULL;
    int ok = 0;
    if (index == NULL) return wrong(where, "an integer", o);
    shift = PyLong_FromLongLong(64);
    if (shift != NULL && (upper = PyNumber_Rshift(index, shift)) != NULL) {
        *low = PyLong_AsUnsignedLongLongMask(index);
        *high = is_signed ? PyLong_AsLongLong(upper) : (int64_t)PyLong_AsUnsignedLongLong(upper);
        ok = PyErr_Occurred() == NULL;
        if (!ok) {
            PyErr_Clear();
            PyErr_Format(PyExc_OverflowError, "%s does not fit %s", where, is_signed ? "Int128" : "UInt128");
        }
        Py_DecRef(upper);
    }
    if (shift != NULL) Py_DecRef(shift);
    Py_DecRef(index);
    return ok;
}

static int take_double(PyObject *o, const char *where, double *value)
{
    *value = PyFloat_AsDouble(o);
    return *value == -1.0 && PyErr_Occurred() ? wrong(where, "a number", o) : 1;
}

/* IEEE 754 binary16. A double is rounded to it once, to nearest even, by scaling it so that the bits that
   do not fit fall off the end of an integer. */
static uint16_t half_of(double value)
{
    uint16_t sign = __builtin_signbit(value) ? 0x8000 : 0;
    double size = __builtin_fabs(value);
    if (size != size) return sign | 0x7e00;
    if (size >= 65520.0) return sign | 0x7c00;
    int exponent = -14; /* of the smallest normal number; below it the spacing stays the same */
    while (exponent < 15 && size >= __builtin_ldexp(1.0, exponent + 1))
        exponent++;
    uint64_t units = (uint64_t)__builtin_rint(__builtin_ldexp(size, 10 - exponent)); /* up to 2048 */
    return sign | (uint16_t)(((uint64_t)(exponent + 14) << 10) + units);
}

static double of_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31 ? (fraction ? __builtin_nan("") : __builtin_inf())
                : exponent == 0  ? __builtin_ldexp(fraction, -24)
                                 : __builtin_ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -size : size;
}

static int take_bool(PyObject *o, const char *where, uint8_t *value)
{
    if (o == Py_True || o == Py_False) {
        *value = o == Py_True;
        return 1;
    }
    PyObject *name = PyType_GetName(o->ob_type); /* numpy.bool is one, too */
    const char *text = name == NULL ? NULL : PyUnicode_AsUTF8AndSize(name, NULL);
    int ok = text != NULL && (strcmp(text, "bool") == 0 || strcmp(text, "bool_") == 0);
    if (name != NULL) Py_DecRef(name);
    if (!ok) return wrong(where, "a bool", o);
    *value = PyObject_IsTrue(o) == 1;
    return 1;
}

static int take_complex(PyObject *o, const char *where, double *real, double *imaginary)
{
    if (o->ob_type == &PyComplex_Type) {
        *real = PyComplex_RealAsDouble(o);
        *imaginary = PyComplex_ImagAsDouble(o);
        return 1;
    }
    /* int, float and NumPy's numbers: all have both attributes */
    PyObject *re = PyObject_GetAttrString(o, "real"), *im = re ? PyObject_GetAttrString(o, "imag") : NULL;
    int ok = im != NULL;
    if (ok) {
        *real = PyFloat_AsDouble(re);
        *imaginary = PyFloat_AsDouble(im);
        ok = PyErr_Occurred() == NULL;
    }
    if (re != NULL) Py_DecRef(re);
    if (im != NULL) Py_DecRef(im);
    return ok ? 1 : wrong(where, "a number", o);
}

static int take_text(PyObject *o, const char *where, const char **data, int64_t *bytes)
{
    Py_ssize_t size = 0;
    *data = PyUnicode_AsUTF8AndSize(o, &size);
    *bytes = size;
    return *data == NULL ? wrong(where, "a str of valid Unicode", o) : 1;
}

static int take_char(PyObject *o, const char *where, uint32_t *value)
{
    Py_ssize_t length = PyUnicode_GetLength(o);
    if (length != 1) return wrong(where, "a str of one character", o);
    *value = PyUnicode_ReadChar(o, 0);
    return 1;
}

/* The parts of a tuple or of an object with these attributes; new references, freed by the caller. */
static int take_parts(PyObject *o, const char *where, const char *wanted, int count,
                      const char *const *names, PyObject **parts)
{
    int is_tuple = (PyType_GetFlags(o->ob_type) & Py_TPFLAGS_TUPLE_SUBCLASS) != 0;
    for (int i = 0; i < count; i++)
        parts[i] = NULL;
    if (is_tuple) {
        if (PyTuple_Size(o) != count) return wrong(where, wanted, o);
        for (int i = 0; i < count; i++) {
            parts[i] = PyTuple_GetItem(o, i);
            Py_IncRef(parts[i]);
        }
        return 1;
    }
    for (int i = 0; i < count; i++) {
        parts[i] = names == NULL ? NULL : PyObject_GetAttrString(o, names[i]);
        if (parts[i] == NULL) return wrong(where, wanted, o);
    }
    return 1;
}

/* ---- arrays in */

static int native(const char *format, const char *wanted)
{
    if (format == NULL) format = "B";
    if (*format == '@' || *format == '=' || *format == '<') format++;
    if (strcmp(format, wanted) == 0) return 1;
    /* the letters that mean the same in C on this machine; their size is compared besides */
    if (wanted[1] == '\0' && format[0] != '\0' && format[1] == '\0') {
        if (strchr("bhilq", wanted[0]) && strchr("bhilq", format[0])) return 1;
        if (strchr("BHILQ", wanted[0]) && strchr("BHILQ", format[0])) return 1;
    }
    return 0;
}

static int take_array(PyObject *o, const char *where, const aot_form *form, int ndim, aot_in *in,
                      void **data, int64_t *dims)
{
    char wanted[160];
    snprintf(wanted, sizeof wanted, "a NumPy array of %s with %d dimension%s", form->name, ndim,
             ndim == 1 ? "" : "s");
    if (PyObject_GetBuffer(o, &in->view, PyBUF_STRIDES | PyBUF_FORMAT) != 0) return wrong(where, wanted, o);
    in->held = 1;
    Py_buffer *view = &in->view;
    if (view->itemsize != form->itemsize || !native(view->format, form->format) || view->ndim != ndim) {
        PyErr_Format(PyExc_TypeError, "%s must be %s; this one has format '%s' and %d dimension(s)", where,
                     wanted, view->format == NULL ? "B" : view->format, view->ndim);
        return 0;
    }
    Py_ssize_t step = view->itemsize;
    int empty = 0, in_order = 1;
    for (int i = 0; i < ndim; i++) {
        dims[i] = view->shape[i];
        empty |= dims[i] == 0;
        if (dims[i] > 1 && view->strides[i] != step) in_order = 0;
        step *= dims[i] > 0 ? dims[i] : 1;
    }
    if (!in_order && !empty) {
        if (ndim == 1)
            PyErr_Format(PyExc_TypeError, "%s must be contiguous; numpy.ascontiguousarray makes a copy that is",
                         where);
        else
            PyErr_Format(PyExc_TypeError,
                         "%s must lie column by column, as Julia's arrays do; numpy.asfortranarray makes a copy "
                         "that does, and .T of an array in C order is one without a copy, with the dimensions "
                         "reversed", where);
        return 0;
    }
    if (view->readonly) {
        PyErr_Format(PyExc_TypeError, "%s must be writable, because Julia may change it in place", where);
        return 0;
    }
    Py_ssize_t align = form->itemsize % 8 == 0 ? 8 : form->itemsize % 4 == 0 ? 4 : form->itemsize % 2 == 0 ? 2 : 1;
    if ((uintptr_t)view->buf % (uintptr_t)align != 0) {
        PyErr_Format(PyExc_TypeError, "%s must be aligned; numpy.array(…) makes a copy that is", where);
        return 0;
    }
    *data = view->buf;
    return 1;
}

static void drop(aot_in *in)
{
    if (in->held) PyBuffer_Release(&in->view);
    in->held = 0;
}

/* ---- arrays and text out */

typedef struct {
    PyObject ob_base;
    void *data;
    int64_t number;
    PyObject *base; /* what else must live: an argument whose memory this array is a part of */
    const aot_form *form;
    int ndim;
    Py_ssize_t length, shape[AOT_DIMS], strides[AOT_DIMS];
} aot_owner;

/* Only the thread that opened the library calls it. Julia before 1.9 knows no other; a newer one stops its
   threads for a garbage collection by way of SIGSEGV, and a library leaves the process's signals alone, so that
   a second thread in it would end the process (seen with 1.12.5). What other threads let go of waits. */
static pthread_t own_thread;
static int64_t waiting[4096];
static int waiting_count;

static int on_own_thread(void)
{
    if (!pthread_equal(pthread_self(), own_thread)) {
        PyErr_SetString(PyExc_RuntimeError,
                        "only the thread that opened this library may call it; for others, open it in a process "
                        "of its own: load_library(…, route='helper')");
        return 0;
    }
    while (waiting_count > 0)
        release_value(waiting[--waiting_count]);
    return 1;
}

static void let_go(int64_t number)
{
    if (pthread_equal(pthread_self(), own_thread)) release_value(number);
    else if (waiting_count < 4096) waiting[waiting_count++] = number; /* else: kept until the process ends */
}

static void owner_dealloc(PyObject *self)
{
    aot_owner *owner = (aot_owner *)self;
    PyTypeObject *type = self->ob_type;
    if (owner->number > 0) let_go(owner->number);
    if (owner->base != NULL) Py_DecRef(owner->base);
    ((void (*)(void *))PyType_GetSlot(type, Py_tp_free))(self);
    Py_DecRef((PyObject *)type);
}

static int owner_buffer(PyObject *self, Py_buffer *view, int flags)
{
    aot_owner *owner = (aot_owner *)self;
    (void)flags; /* NumPy and memoryview, its only users, ask for everything */
    view->buf = owner->data;
    view->obj = self;
    Py_IncRef(self);
    view->len = owner->length;
    view->itemsize = owner->form->itemsize;
    view->readonly = 0;
    view->ndim = owner->ndim;
    view->format = (char *)owner->form->format;
    view->shape = owner->shape;
    view->strides = owner->strides;
    view->suboffsets = NULL;
    view->internal = NULL;
    return 0;
}

static PyType_Slot owner_slots[] = {
    {Py_tp_dealloc, (void *)owner_dealloc}, {Py_bf_getbuffer, (void *)owner_buffer}, {0, NULL}};
static PyType_Spec owner_spec = {"julia_aot.JuliaMemory", sizeof(aot_owner), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, owner_slots};

static PyObject *give_array(const aot_array *array, const aot_form *form, int ndim, aot_in *ins, int count)
{
    PyObject *base = NULL;
    for (int k = 0; k < count; k++) {
        Py_buffer *view = &ins[k].view;
        char *start = view->buf;
        if (!ins[k].held || view->len == 0 || (char *)array->data < start || (char *)array->data >= start + view->len)
            continue;
        int same = (char *)array->data == start && view->ndim == ndim && native(view->format, form->format);
        for (int i = 0; same && i < ndim; i++)
            same = view->shape[i] == array->dims[i];
        base = view->obj;
        Py_IncRef(base);
        if (same) {
            let_go(array->number);
            return base;
        }
        break;
    }
    aot_owner *owner = (aot_owner *)PyType_GenericAlloc((PyTypeObject *)owner_type, 0);
    if (owner == NULL) {
        if (base != NULL) Py_DecRef(base);
        let_go(array->number);
        return NULL;
    }
    owner->data = array->data;
    owner->number = array->number;
    owner->base = base;
    owner->form = form;
    owner->ndim = ndim;
    owner->length = form->itemsize;
    for (int i = 0; i < ndim; i++) {
        owner->shape[i] = (Py_ssize_t)array->dims[i];
        owner->strides[i] = i == 0 ? form->itemsize : owner->strides[i - 1] * owner->shape[i - 1];
        owner->length *= owner->shape[i];
    }
    PyObject *result = as_array == Py_None ? PyMemoryView_FromObject((PyObject *)owner)
                                           : PyObject_CallFunctionObjArgs(as_array, (PyObject *)owner, NULL);
    Py_DecRef((PyObject *)owner);
    return result;
}

static PyObject *give_text(const aot_array *text)
{
    PyObject *result = PyUnicode_DecodeUTF8(text->data, (Py_ssize_t)text->dims[0], "surrogateescape");
    let_go(text->number);
    return result;
}

static PyObject *give_wide(uint64_t low, uint64_t high, int is_signed)
{
    PyObject *upper = is_signed ? PyLong_FromLongLong((int64_t)high) : PyLong_FromUnsignedLongLong(high);
    PyObject *lower = PyLong_FromUnsignedLongLong(low), *shift = PyLong_FromLongLong(64);
    PyObject *moved = upper && shift ? PyNumber_Lshift(upper, shift) : NULL;
    PyObject *result = moved && lower ? PyNumber_Or(moved, lower) : NULL;
    PyObject *all[] = {upper, lower, shift, moved};
    for (int i = 0; i < 4; i++)
        if (all[i] != NULL) Py_DecRef(all[i]);
    return result;
}

static PyObject *give_bool(uint8_t value)
{
    PyObject *result = value ? Py_True : Py_False;
    Py_IncRef(result);
    return result;
}

static PyObject *give_none(void)
{
    Py_IncRef(Py_None);
    return Py_None;
}

/* A tuple of parts (whose references are taken), or an instance of the class at `place` made from them. */
static PyObject *give_parts(int place, int count, PyObject **parts)
{
    PyObject *tuple = PyTuple_New(count), *result = tuple;
    int ok = tuple != NULL;
    for (int i = 0; i < count; i++) {
        ok = ok && parts[i] != NULL;
        if (tuple != NULL && parts[i] != NULL) PyTuple_SetItem(tuple, i, parts[i]);
        else if (parts[i] != NULL) Py_DecRef(parts[i]);
    }
    if (ok && place < 0) return tuple;
    if (ok) result = PyObject_CallObject(PyTuple_GetItem(classes, place), tuple);
    else result = NULL;
    if (tuple != NULL) Py_DecRef(tuple);
    return result;
}

/* ---- opening the library */

typedef struct {
    const char *name;
    void **place;
} aot_symbol;

static int open_library(const char *path, int mode, const aot_symbol *symbols)
{
    static void *library;
    if (library == NULL) library = dlopen(path, mode);
    if (library == NULL) {
        PyErr_Format(PyExc_OSError, "%s", dlerror());
        return 0;
    }
    int (*start)(void);
    *(void **)&start = dlsym(library, "aot_start");
    if (start != NULL && start() != 0) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this process runs a Julia already, which cannot take a second image; "
                        "open the library in a process of its own");
        return 0;
    }
    *(void **)&release_value = dlsym(library, "aot_release");
    *(void **)&read_fault = dlsym(library, "aot_fault");
    int ok = release_value != NULL && read_fault != NULL;
    for (const aot_symbol *s = symbols; ok && s->name != NULL; s++)
        ok = (*s->place = dlsym(library, s->name)) != NULL;
    if (!ok) PyErr_Format(PyExc_OSError, "%s lacks a function of this binding; build it again", path);
    own_thread = pthread_self();
    return ok;
}
