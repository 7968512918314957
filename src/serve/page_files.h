// The files of the page, from page/ and from the libraries that it uses.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kPageIndex;
extern const std::string_view kPageStyles;
extern const std::string_view kPageMain;
extern const std::string_view kPageExport;
extern const std::string_view kPageMarkdown;
extern const std::string_view kPageSettings;
extern const std::string_view kPageStore;
extern const std::string_view kPageStream;
extern const std::string_view kPageView;
extern const std::string_view kPageMarked;  // marked, minified, with its own notice
extern const std::string_view kPagePurify;  // DOMPurify, minified, with its own notice
extern const std::string_view kPagePrism;   // Prism, minified, with its own notice

}  // namespace cellm
