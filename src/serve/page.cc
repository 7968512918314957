#include "serve/page.h"

#include <array>

#include "serve/page_files.h"

namespace cellm {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kStyle = "text/css; charset=utf-8";
constexpr const char* kScript = "text/javascript; charset=utf-8";

const std::array kFiles{
    PageFile{"/", kHtml, &kPageIndex},
    PageFile{"/page.css", kStyle, &kPageStyles},
    PageFile{"/page.js", kScript, &kPageMain},
    PageFile{"/export.js", kScript, &kPageExport},
    PageFile{"/markdown.js", kScript, &kPageMarkdown},
    PageFile{"/settings.js", kScript, &kPageSettings},
    PageFile{"/store.js", kScript, &kPageStore},
    PageFile{"/stream.js", kScript, &kPageStream},
    PageFile{"/view.js", kScript, &kPageView},
    PageFile{"/marked.js", kScript, &kPageMarked},
    PageFile{"/purify.js", kScript, &kPagePurify},
    PageFile{"/prism.js", kScript, &kPagePrism},
};

}  // namespace

std::span<const PageFile> page_files() {
  return kFiles;
}

}  // namespace cellm
