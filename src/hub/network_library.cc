#include "hub/network_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace cellm {
namespace {

Error missing(const std::string& soname) {
  const char* reason = ::dlerror();
  return unsupported_error("models of the hub need {}, which cannot be loaded: {}", soname,
                           printable(reason == nullptr ? "unknown error" : reason));
}

}  // namespace

NetworkLibrary::NetworkLibrary(const char* soname)
    : soname_(soname), handle_(::dlopen(soname, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw missing(soname_);
}

void* NetworkLibrary::symbol(const char* name) const {
  void* address = ::dlsym(handle_, name);
  if (address == nullptr) throw missing(soname_);
  return address;
}

}  // namespace cellm
