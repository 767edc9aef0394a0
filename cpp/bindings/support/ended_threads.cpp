// What becomes of a daemon thread that is inside the package when Python shuts down.
//
// Up to CPython 3.13 such a thread is ended by pthread_exit as soon as it asks for the GIL. On
// Linux pthread_exit unwinds the stack, which runs the destructors of our frames: they would change
// reference counts, the graph and drafts without the GIL while the main thread takes everything
// apart. A `noexcept` or `catch (...)` on the way would end the process. CPython 3.14 lets these
// threads hang instead, and so do we, in the first frame of ours that the unwinding reaches. The
// end of the process ends them.
//
// The place is the personality routine of C++, which the unwinder calls for each frame that has
// something to clean up or to catch. The linker replaces it in this module by `--wrap`. It costs
// nothing until something is thrown.
#include <unistd.h>
#include <unwind.h>

#include <cstdint>

#include "python.hpp"

#if PY_VERSION_HEX < 0x030D0000
#define Py_IsFinalizing _Py_IsFinalizing
#endif

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the linker's.
_Unwind_Reason_Code __real___gxx_personality_v0(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class kind,
                                                _Unwind_Exception* exception,
                                                _Unwind_Context* context);

// `used`: only what the compiler generates for frames refers to it.
[[gnu::used]] _Unwind_Reason_Code __wrap___gxx_personality_v0(int version, _Unwind_Action actions,
                                                              _Unwind_Exception_Class kind,
                                                              _Unwind_Exception* exception,
                                                              _Unwind_Context* context) {
  // A thread that is ended for another reason holds the GIL and unwinds as usual.
  if ((actions & _UA_FORCE_UNWIND) != 0 && Py_IsFinalizing()) {
    for (;;) pause();
  }
  return __real___gxx_personality_v0(version, actions, kind, exception, context);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
