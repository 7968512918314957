// The extension's use of the interpreter: other threads while the library works, and an end
// that no thread disturbs.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nanobind/nanobind.h>

namespace cellm_python {

namespace nb = nanobind;
using Dict = nb::typed<nb::dict, nb::str, nb::any>;

// Number of forks between the first process and this one. The threads of a model do not exist in a
// forked process, so that what is older than the fork can neither be used nor freed there.
unsigned fork_count();
void count_forks();  // called once

// Called before the interpreter ends, with the GIL. From then on no other thread returns from
// without_gil(): Python would end it there, through frames of C++ that cannot be unwound.
void end_of_threads();

// Releases the GIL; the destructor takes it back.
class WithoutGil {
 public:
  WithoutGil();
  ~WithoutGil();
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

// The result of body(), which runs without the GIL and does not touch Python.
template <class Body>
auto without_gil(Body&& body) {
  const WithoutGil released;
  return std::forward<Body>(body)();
}

// Throws what a signal handler of Python has raised; KeyboardInterrupt for Ctrl-C.
inline void check_signals() {
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

// Bytes that are no UTF-8 become U+FFFD.
inline nb::str to_str(std::string_view text) {
  PyObject* result =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (result == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(result);
}

}  // namespace cellm_python
