#include "hub/libcurl.h"

#include <new>

#include "base/lazy.h"
#include "hub/network_library.h"

namespace cellm {
namespace {

// The binary interface has had number 4 since 2006.
#define SONAME "libcurl.so.4"
CELLM_NETWORK_LIBRARY_NOTE(SONAME);

Libcurl load() {
  const NetworkLibrary library(SONAME);
  Libcurl curl{};
  library.find("curl_easy_cleanup", curl.easy_cleanup);
  library.find("curl_easy_getinfo", curl.easy_getinfo);
  library.find("curl_easy_init", curl.easy_init);
  library.find("curl_easy_setopt", curl.easy_setopt);
  library.find("curl_easy_strerror", curl.easy_strerror);
  library.find("curl_free", curl.free);
  library.find("curl_multi_add_handle", curl.multi_add_handle);
  library.find("curl_multi_cleanup", curl.multi_cleanup);
  library.find("curl_multi_info_read", curl.multi_info_read);
  library.find("curl_multi_init", curl.multi_init);
  library.find("curl_multi_perform", curl.multi_perform);
  library.find("curl_multi_poll", curl.multi_poll);
  library.find("curl_multi_remove_handle", curl.multi_remove_handle);
  library.find("curl_slist_append", curl.slist_append);
  library.find("curl_slist_free_all", curl.slist_free_all);
  library.find("curl_url", curl.url);
  library.find("curl_url_cleanup", curl.url_cleanup);
  library.find("curl_url_get", curl.url_get);
  library.find("curl_url_set", curl.url_set);
  decltype(&::curl_global_init) global_init = nullptr;
  library.find("curl_global_init", global_init);
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::bad_alloc();
  return curl;
}

}  // namespace

const Libcurl& libcurl() {
  static const Lazy<Libcurl> curl;
  return curl.get(load);
}

}  // namespace cellm
