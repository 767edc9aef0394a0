/* The floor: what Python itself costs.
 *
 * A Program is a list of user functions in the order in which they were made, and a list of
 * callbacks. Setting a cell runs every function once with PyObject_Vectorcall and a C getter,
 * stores what it returns, and then calls every callback. There is no graph: no dependency is
 * noted, nothing is compared, nothing is checked. Whatever a reactive library takes more than
 * this is its own cost; nothing that runs the same functions from C can take less.
 *
 * Two things keep it from running what no library would run, at no cost per function:
 * - A set starts with the functions and callbacks that are younger than the cell that is set:
 *   an older one cannot know that cell.
 * - A run ends at the first function whose result is the very object it returned the last time
 *   (the cut-off shape). In every other shape every value changes.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* A cell: one value and, unless it is a source, the function that makes it. */
typedef struct {
    PyObject_HEAD
    PyObject *value;
    PyObject *function;
    Py_ssize_t functions_before, callbacks_before; /* how many are older than this cell */
} Cell;

typedef struct {
    PyObject_HEAD
    PyObject *getter;
    Cell **functions; /* the cells with a function, in the order of creation */
    Py_ssize_t function_count, function_room;
    Cell **watched; /* watched[i] is what callbacks[i] is called with */
    PyObject **callbacks;
    Py_ssize_t callback_count, callback_room;
    int held; /* inside `with program:` a set only stores, and notes where the run has to start */
    Py_ssize_t held_functions, held_callbacks;
} Program;

static PyTypeObject CellType;
static PyTypeObject ProgramType;

static void cell_dealloc(Cell *self) {
    Py_XDECREF(self->value);
    Py_XDECREF(self->function);
    PyObject_Free(self);
}

static PyTypeObject CellType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "halflife_floor.Cell",
    .tp_basicsize = sizeof(Cell),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = (destructor)cell_dealloc,
};

static PyObject *value_of(PyObject *cell) {
    if (!Py_IS_TYPE(cell, &CellType) || ((Cell *)cell)->value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a cell that has a value is wanted here");
        return NULL;
    }
    return Py_NewRef(((Cell *)cell)->value);
}

static PyObject *program_get(PyObject *self, PyObject *cell) {
    (void)self;
    return value_of(cell);
}

/* A plain C function of one argument: the cheapest callable CPython knows, as it calls these
 * without a tuple and without a vectorcall array. */
static PyMethodDef getter_definition = {"get", program_get, METH_O, "The value of a cell."};

static int run_function(Program *self, Cell *cell, int *changed) {
    PyObject *arguments[2] = {NULL, self->getter};
    PyObject *value =
        PyObject_Vectorcall(cell->function, arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    if (value == NULL)
        return -1;
    PyObject *previous = cell->value;
    *changed = value != previous;
    cell->value = value;
    Py_XDECREF(previous);
    return 0;
}

static int run_program(Program *self, Py_ssize_t functions_before, Py_ssize_t callbacks_before) {
    int changed = 1;
    for (Py_ssize_t i = functions_before; i < self->function_count && changed; i++)
        if (run_function(self, self->functions[i], &changed) < 0)
            return -1;
    for (Py_ssize_t i = callbacks_before; i < self->callback_count && changed; i++) {
        PyObject *arguments[2] = {NULL, self->watched[i]->value};
        PyObject *nothing =
            PyObject_Vectorcall(self->callbacks[i], arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        if (nothing == NULL)
            return -1;
        Py_DECREF(nothing);
    }
    return 0;
}

static Cell *new_cell(Program *program, PyObject *value, PyObject *function) {
    Cell *cell = PyObject_New(Cell, &CellType);
    if (cell != NULL) {
        cell->value = Py_XNewRef(value);
        cell->function = Py_XNewRef(function);
        cell->functions_before = program->function_count;
        cell->callbacks_before = program->callback_count;
    }
    return cell;
}

static int make_room(void **items, Py_ssize_t count, Py_ssize_t *room) {
    if (count < *room)
        return 0;
    Py_ssize_t wider = *room == 0 ? 64 : *room * 2;
    void *moved = PyMem_Realloc(*items, (size_t)wider * sizeof(void *));
    if (moved == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    *items = moved;
    *room = wider;
    return 0;
}

static PyObject *program_source(Program *self, PyObject *value) {
    return (PyObject *)new_cell(self, value, NULL);
}

/* The function runs at once, so that every cell has a value before the first timed set. */
static PyObject *program_derived(Program *self, PyObject *function) {
    if (make_room((void **)&self->functions, self->function_count, &self->function_room) < 0)
        return NULL;
    Cell *cell = new_cell(self, NULL, function);
    int changed;
    if (cell == NULL || run_function(self, cell, &changed) < 0) {
        Py_XDECREF(cell);
        return NULL;
    }
    self->functions[self->function_count++] = cell;
    return Py_NewRef(cell);
}

static PyObject *program_subscribe(Program *self, PyObject *const *arguments, Py_ssize_t count) {
    if (count != 2 || !Py_IS_TYPE(arguments[0], &CellType)) {
        PyErr_SetString(PyExc_TypeError, "subscribe takes a cell and a callback");
        return NULL;
    }
    Py_ssize_t room = self->callback_room;
    if (make_room((void **)&self->watched, self->callback_count, &room) < 0 ||
        make_room((void **)&self->callbacks, self->callback_count, &self->callback_room) < 0)
        return NULL;
    self->watched[self->callback_count] = (Cell *)Py_NewRef(arguments[0]);
    self->callbacks[self->callback_count] = Py_NewRef(arguments[1]);
    self->callback_count++;
    Py_RETURN_NONE;
}

static PyObject *program_set(Program *self, PyObject *const *arguments, Py_ssize_t count) {
    if (count != 2 || !Py_IS_TYPE(arguments[0], &CellType)) {
        PyErr_SetString(PyExc_TypeError, "set takes a cell and a value");
        return NULL;
    }
    Cell *cell = (Cell *)arguments[0];
    PyObject *previous = cell->value;
    cell->value = Py_NewRef(arguments[1]);
    Py_XDECREF(previous);
    if (self->held) {
        self->held_functions = Py_MIN(self->held_functions, cell->functions_before);
        self->held_callbacks = Py_MIN(self->held_callbacks, cell->callbacks_before);
    } else if (run_program(self, cell->functions_before, cell->callbacks_before) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *program_enter(Program *self, PyObject *unused) {
    (void)unused;
    self->held = 1;
    self->held_functions = self->function_count;
    self->held_callbacks = self->callback_count;
    return Py_NewRef(self);
}

static PyObject *program_exit(Program *self, PyObject *const *arguments, Py_ssize_t count) {
    (void)arguments;
    (void)count;
    self->held = 0;
    if (run_program(self, self->held_functions, self->held_callbacks) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *program_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    if (PyTuple_GET_SIZE(arguments) != 0 || names != NULL) {
        PyErr_SetString(PyExc_TypeError, "Program takes no arguments");
        return NULL;
    }
    Program *self = (Program *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->getter = PyCFunction_New(&getter_definition, NULL);
    if (self->getter == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* The last cell goes first: its function holds the one before it, so the other way round a
 * long chain would be taken down by one recursion as deep as the chain. */
static void program_dealloc(Program *self) {
    while (self->callback_count > 0) {
        self->callback_count--;
        Py_DECREF(self->callbacks[self->callback_count]);
        Py_DECREF(self->watched[self->callback_count]);
    }
    while (self->function_count > 0)
        Py_DECREF(self->functions[--self->function_count]);
    PyMem_Free(self->functions);
    PyMem_Free(self->watched);
    PyMem_Free(self->callbacks);
    Py_XDECREF(self->getter);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef program_methods[] = {
    {"source", (PyCFunction)program_source, METH_O, "A cell with a value of its own."},
    {"derived", (PyCFunction)program_derived, METH_O, "A cell whose value a function makes."},
    {"subscribe", (PyCFunction)(void (*)(void))program_subscribe, METH_FASTCALL, "Call back after each run."},
    {"get", (PyCFunction)program_get, METH_O, "The value of a cell."},
    {"set", (PyCFunction)(void (*)(void))program_set, METH_FASTCALL, "Store a value and run everything."},
    {"__enter__", (PyCFunction)program_enter, METH_NOARGS, "From here sets only store."},
    {"__exit__", (PyCFunction)(void (*)(void))program_exit, METH_FASTCALL, "Run everything once."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject ProgramType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "halflife_floor.Program",
    .tp_basicsize = sizeof(Program),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = program_new,
    .tp_dealloc = (destructor)program_dealloc,
    .tp_methods = program_methods,
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "halflife_floor",
    .m_doc = "What Python itself costs: user functions called bare from C.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_halflife_floor(void) {
    PyObject *self = PyModule_Create(&module);
    if (self == NULL || PyModule_AddType(self, &CellType) < 0 ||
        PyModule_AddType(self, &ProgramType) < 0) {
        Py_XDECREF(self);
        return NULL;
    }
    return self;
}
