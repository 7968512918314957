#include "hub/blob_download.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "hub/checksum.h"
#include "hub/part_file.h"

namespace cellm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWholeContent = 200;
constexpr int kPartialContent = 206;
constexpr int kRangeNotSatisfiable = 416;

enum class Trouble {
  kNone,
  kChanged,   // the server has other content now
  kNoRanges,  // the server sends the whole file instead of a range
  kWrongRange,
  kTooLong,
};

// The state of a part between and during its transfers.
struct Part {
  bool active = false;
  std::uint64_t done_before = 0;  // the transfer under way
  int attempts = 0;               // without a byte
  Clock::time_point not_before;
  Trouble trouble = Trouble::kNone;
};

class Download {
 public:
  Download(HubClient& client, const std::string& commit, RemoteFile remote, PartFile& file)
      : client_(client),
        commit_(commit),
        remote_(std::move(remote)),
        file_(file),
        parts_(file.parts()) {}

  void run(const std::function<void(std::uint64_t)>& progress) {
    try {
      while (file_.done() < remote_.size || active() > 0) {
        progress(file_.done());
        start_parts();
        for (const EndedTransfer& end : client_.http().wait()) {
          if (!on_end(parts_[end.id], end)) break;  // all others are stopped
        }
      }
    } catch (...) {
      client_.http().stop();
      throw;
    }
  }

 private:
  std::string subject() const { return printable(remote_.name); }

  std::size_t active() const {
    return static_cast<std::size_t>(
        std::count_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.active; }));
  }

  void start_parts() {
    std::size_t room = kHubConnections - std::min(active(), kHubConnections);
    const auto now = Clock::now();
    for (std::size_t i = 0; i < parts_.size() && room > 0; ++i) {
      Part& part = parts_[i];
      if (part.active || file_.is_whole(i) || part.not_before > now) continue;
      start(i, part);
      --room;
    }
  }

  void start(std::size_t index, Part& part) {
    const std::uint64_t done = file_.done(index);
    HttpRequest request;
    request.url = remote_.url;
    request.token = client_.token_for(remote_.url);
    const bool ranged = parts_.size() > 1 || done > 0;
    if (ranged) {
      request.headers.push_back(
          fmt::format("Range: bytes={}-{}", file_.begin(index) + done, file_.end(index) - 1));
      if (!file_.etag().empty()) request.headers.push_back("If-Range: " + file_.etag());
    }
    part.active = true;
    part.done_before = done;
    part.trouble = Trouble::kNone;
    client_.http().start(
        index, std::move(request),
        [this, index, ranged](const HttpResponse& response, std::span<const std::byte> bytes) {
          parts_[index].trouble = take(index, ranged, response, bytes);
          return parts_[index].trouble == Trouble::kNone;
        });
  }

  Trouble take(std::size_t index, bool ranged, const HttpResponse& response,
               std::span<const std::byte> bytes) {
    if (response.status != kWholeContent && response.status != kPartialContent)
      return Trouble::kNone;  // on_end() looks at the status
    const std::string_view etag = response.headers.find("etag");
    const bool strong = is_strong_etag(etag);
    if (strong && !file_.etag().empty() && etag != file_.etag()) return Trouble::kChanged;
    if (response.status == kPartialContent) {
      const auto range = parse_content_range(response.headers.find("content-range"));
      const std::uint64_t begin = file_.begin(index) + parts_[index].done_before;
      if (!ranged || !range || range->begin != begin || range->total != remote_.size)
        return Trouble::kWrongRange;
    } else if (ranged) {
      return Trouble::kNoRanges;
    }
    if (bytes.size() > file_.end(index) - file_.begin(index) - file_.done(index))
      return Trouble::kTooLong;
    if (strong && file_.etag().empty()) file_.set_etag(etag);
    file_.write(index, bytes);
    return Trouble::kNone;
  }

  // False if all transfers are stopped.
  bool on_end(Part& part, const EndedTransfer& end) {
    part.active = false;
    const int status = end.response.status;
    switch (part.trouble) {
      case Trouble::kNone:
        break;
      case Trouble::kChanged:
        return restart(file_.part_bytes());
      case Trouble::kNoRanges:
        return restart(remote_.size);
      case Trouble::kWrongRange:
        throw_wrong("answers with another range or size than it was asked for");
      case Trouble::kTooLong:
        throw_wrong(fmt::format("sends more than the {} bytes announced", remote_.size));
    }
    if (!end.failure.empty()) {
      if (!end.may_succeed) throw_failed(end.failure);
      return retry(part, end);
    }
    if (status == kWholeContent || status == kPartialContent) {
      return file_.is_whole(end.id) || retry(part, end);
    }
    if (status == kRangeNotSatisfiable) return restart(file_.part_bytes());
    if (is_passing(status)) return retry(part, end);
    // The address of another host is signed for a limited time.
    const bool elsewhere = status / 100 == 4 && !client_.is_hub(remote_.url);
    if (!elsewhere || !retry(part, end)) client_.refuse(end.response, subject());
    return relocate();
  }

  bool retry(Part& part, const EndedTransfer& end) {
    if (file_.done(end.id) > part.done_before) part.attempts = 0;
    if (part.attempts + 1 >= kHubAttempts) {
      if (!end.failure.empty()) throw_failed(end.failure);
      if (end.response.status / 100 != 2) client_.refuse(end.response, subject());
      throw_wrong(fmt::format("sends fewer than the {} bytes announced", remote_.size));
    }
    part.not_before = Clock::now() + wait_before(part.attempts++, end.response.headers);
    return true;
  }

  void stop() {
    client_.http().stop();
    for (Part& part : parts_) part.active = false;
  }

  bool restart(std::uint64_t part_bytes) {
    if (++restarts_ > kMaxHubRestarts) throw_wrong("changes the file while it is downloaded");
    stop();
    file_.restart(part_bytes);
    parts_.assign(file_.parts(), Part{});
    return false;
  }

  bool relocate() {
    stop();
    const RemoteFile again = client_.locate(commit_, remote_.name);
    if (again.hash != remote_.hash || again.size != remote_.size)
      throw_wrong("gives another checksum or size than before");
    remote_.url = again.url;
    return false;
  }

  [[noreturn]] void throw_wrong(std::string_view what) {
    file_.remove();
    throw data_error("{}: {} {}; what was there of the file is removed", subject(),
                     printable(origin_of(remote_.url)), what);
  }
  [[noreturn]] void throw_failed(const std::string& failure) {
    throw error(ErrorKind::kOther, "{}: the download from {} broke off: {}; it can be resumed",
                subject(), printable(origin_of(remote_.url)), printable(failure));
  }

  HubClient& client_;
  const std::string& commit_;
  RemoteFile remote_;
  PartFile& file_;
  std::vector<Part> parts_;
  int restarts_ = 0;
};

}  // namespace

void download_blob(HubClient& client, const RepositoryCache& cache, const std::string& commit,
                   const RemoteFile& file, std::uint64_t part_bytes,
                   const std::function<void(std::uint64_t)>& progress) {
  const std::filesystem::path unfinished = cache.unfinished(file.hash);
  make_folders(unfinished.parent_path());
  PartFile content(unfinished, file.size, part_bytes);
  Download(client, commit, file, content).run(progress);
  progress(file.size);
  const std::string hash = checksum_of(content.fd(), file.size, blob_hash_of(file.hash), unfinished,
                                       [&client] { client.control().check(); });
  if (hash != file.hash) {
    content.remove();
    throw data_error("{}: the checksum is {}, the hub says {}; what was downloaded is removed",
                     printable(file.name), hash, file.hash);
  }
  content.finish(cache.blob(file.hash));
}

}  // namespace cellm
