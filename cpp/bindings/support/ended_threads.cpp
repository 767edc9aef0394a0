// Ended threads: daemon threads that are inside the package when Python shuts down.
// Up to CPython 3.13, pthread_exit ends such a thread as soon as it asks for the GIL. On Linux
// pthread_exit unwinds the stack, which runs the destructors of our frames: they would change
// reference counts, the graph and drafts without the GIL, while the main thread finalizes the
// interpreter. A `noexcept` or `catch (...)` on the way would abort the process. CPython 3.14 lets
// these threads hang instead. We do the same, in the first frame of ours that the unwinding
// reaches; the threads end with the process.
// To that end we replace the C++ personality routine, which the unwinder calls for each frame with
// a destructor or a handler. The linker's `--wrap` replaces it within this module. It costs nothing
// until an exception is thrown.
#include <unistd.h>
#include <unwind.h>

#include <cstdint>

#include "python.hpp"

#if PY_VERSION_HEX < 0x030D0000
#define Py_IsFinalizing _Py_IsFinalizing
#endif

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the linker prescribes the names.
_Unwind_Reason_Code __real___gxx_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class kind,
                                                _Unwind_Exception* exception,
                                                _Unwind_Context* context);

// `used`, since only the unwinding tables of the compiler refer to it.
[[gnu::used]] _Unwind_Reason_Code __wrap___gxx_personality_v0(int version, _Unwind_Action actions,
                                                              _Unwind_Exception_Class kind,
                                                              _Unwind_Exception* exception,
                                                              _Unwind_Context* context) {
  // A thread that ends for another reason holds the GIL, and unwinds as usual.
  if ((actions & _UA_FORCE_UNWIND) != 0 && Py_IsFinalizing()) {
    for (;;) pause();
  }
  return __real___gxx_personality_v0(version, actions, kind, exception, context);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
