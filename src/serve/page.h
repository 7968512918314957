// The page of the server: a chat in the browser.
#pragma once

#include <span>
#include <string_view>

namespace cellm {

struct PageFile {
  const char* path;  // "/"
  const char* type;  // "text/html; charset=utf-8"
  const std::string_view* text;
};

std::span<const PageFile> page_files();

// Of every file of the page: nothing but the page's own files and requests to this server, no
// script or style inside of the HTML, and no frame around it.
inline constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace cellm
