#include "serve/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "serve/limits.h"

namespace cellm {
namespace {

constexpr std::size_t kBufferBytes = 16384;

thread_local Connection* current_connection = nullptr;

// Whether one of the events happens until then.
bool wait_until(int socket, short events, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd state{socket, events, 0};
    const int ready = ::poll(&state, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

void address_of(const sockaddr_storage& storage, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof(four));
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof(text));
    port = ntohs(four.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &storage, sizeof(six));
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof(text));
    port = ntohs(six.sin6_port);
  }
  ip = text;
}

}  // namespace

Connection::Connection(socket_t socket, const std::atomic<bool>& stopping)
    : socket_(socket), stopping_(stopping), buffer_(kBufferBytes) {}

Connection* Connection::current() {
  return current_connection;
}

// In short steps, since the end of the server ends the wait.
bool Connection::wait_for_bytes() {
  constexpr std::chrono::milliseconds kStep{100};
  const auto deadline = Clock::now() + kIdleTime;
  while (!stopping_ && Clock::now() < deadline) {
    if (wait_until(socket_, POLLIN, Clock::now() + kStep)) return true;
  }
  return false;
}

bool Connection::wait_for_request() {
  current_connection = nullptr;
  is_whole_ = false;
  in_body_ = false;
  in_first_line_ = true;
  excess_ = Excess::kNone;
  note.clear();
  client.clear();
  if (begin_ == end_ && !wait_for_bytes()) return false;
  watch_ = Stopwatch();
  budget_ = kMaxHeadBytes;
  deadline_ = Clock::now() + kHeadTimeLimit;
  if (begin_ == end_ && !fill()) return false;
  current_connection = this;
  return true;
}

void Connection::begin_body(std::size_t most) {
  in_body_ = true;
  budget_ = most;
  deadline_ = Clock::now() + kBodyTimeLimit;
}

bool Connection::is_closed() const {
  pollfd state{socket_, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Connection::linger() {
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = Clock::now() + kLingerTime;
  std::size_t read = 0;
  while (read < kMaxLingerBytes && wait_until(socket_, POLLIN, deadline)) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= 0) return;
    read += static_cast<std::size_t>(got);
  }
}

bool Connection::is_readable() const {
  if (begin_ != end_) return true;
  pollfd state{socket_, POLLIN, 0};
  return ::poll(&state, 1, 0) > 0;
}

bool Connection::fill() {
  for (;;) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got > 0) {
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      return true;
    }
    if (got == 0) return false;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!wait_until(socket_, POLLIN, deadline_)) {
      excess_ = in_body_ ? Excess::kBodyTime : Excess::kHeadTime;
      return false;
    }
  }
}

// httplib skips such lines of a head, which others may take for headers.
bool Connection::has_bare_line_feed(std::string_view part) {
  for (const char byte : part) {
    if (byte == '\n' && latest_ != '\r') return true;
    latest_ = byte;
  }
  return false;
}

// Ends the reading of a request. httplib answers nothing to a first line without an end, so one
// that breaks off gets it here; with what is behind it unreadable, the request is refused.
ssize_t Connection::refuse(Excess excess, char* data) {
  excess_ = excess;
  if (!in_first_line_) return -1;
  in_first_line_ = false;
  *data = '\n';
  return 1;
}

ssize_t Connection::read(char* data, std::size_t size) {
  if (size == 0) return 0;
  if (excess_ != Excess::kNone) return -1;
  if (budget_ == 0) return refuse(in_body_ ? Excess::kBodyBytes : Excess::kHeadBytes, data);
  // A client that sends always in time, but a byte at a time, is also late in the end.
  if (Clock::now() >= deadline_) {
    return refuse(in_body_ ? Excess::kBodyTime : Excess::kHeadTime, data);
  }
  if (begin_ == end_ && !fill()) return excess_ == Excess::kNone ? 0 : refuse(excess_, data);
  const std::size_t count = std::min({size, end_ - begin_, budget_});
  std::memcpy(data, buffer_.data() + begin_, count);
  begin_ += count;
  budget_ -= count;
  if (in_body_) return static_cast<ssize_t>(count);
  const std::string_view part(data, count);
  if (has_bare_line_feed(part)) return refuse(Excess::kBareLineFeed, data);
  in_first_line_ = in_first_line_ && part.find('\n') == std::string_view::npos;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* data, std::size_t size) {
  const auto deadline =
      Clock::now() + kWriteTime + std::chrono::seconds(size / kWriteBytesPerSecond);
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t put = ::send(socket_, data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put >= 0) {
      sent += static_cast<std::size_t>(put);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!wait_until(socket_, POLLOUT, deadline)) return -1;
  }
  return static_cast<ssize_t>(sent);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&storage), &size) == 0) {
    address_of(storage, ip, port);
  }
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&storage), &size) == 0) {
    address_of(storage, ip, port);
  }
}

}  // namespace cellm
