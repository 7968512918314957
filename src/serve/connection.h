// One client's connection, with bounds on what it sends and on how slowly.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <httplib.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/stopwatch.h"

namespace cellm {

// httplib reads requests through it and writes responses to it. httplib itself bounds neither the
// number of headers nor the time that a request takes; this does. Not thread-safe.
class Connection : public httplib::Stream {
 public:
  // Why no more is read of a request.
  enum class Excess { kNone, kHeadBytes, kHeadTime, kBareLineFeed, kBodyBytes, kBodyTime };

  // Does not own the socket. No request is waited for once `stopping` is set.
  Connection(socket_t socket, const std::atomic<bool>& stopping);

  // The connection whose request this thread handles; null outside of that.
  static Connection* current();

  // Waits for the first byte of a request; false if none comes within kIdleTime, or the client is
  // gone.
  bool wait_for_request();
  // The head has been read; the body may have so many bytes.
  void begin_body(std::size_t most);
  // The request has been read to its end, so another one can follow.
  void end_request() { is_whole_ = true; }
  bool is_whole() const { return is_whole_; }
  Excess excess() const { return excess_; }

  // The client has closed its side: nobody waits for the answer. A client that closes only its
  // sending side counts as gone too.
  bool is_closed() const;
  // After a refusal: reads on for a while and then lets the client see the end.
  void linger();

  bool is_readable() const override;
  bool is_writable() const override { return !is_closed(); }
  ssize_t read(char* data, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  // Since the first byte of the request.
  double seconds() const { return watch_.seconds(); }
  // A remark for the request's line in the log.
  std::string note = {};
  // Who takes turns as one with others of this name: a key, or an address.
  std::string client = {};

 private:
  using Clock = std::chrono::steady_clock;

  bool fill();

  bool wait_for_bytes();
  bool has_bare_line_feed(std::string_view part);
  ssize_t refuse(Excess excess, char* data);

  socket_t socket_;
  const std::atomic<bool>& stopping_;
  Stopwatch watch_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is in the buffer
  std::size_t end_ = 0;
  std::size_t budget_ = 0;  // bytes that may still be read
  Clock::time_point deadline_ = {};
  bool in_body_ = false;
  bool in_first_line_ = true;
  char latest_ = 0;  // byte of the head
  bool is_whole_ = false;
  Excess excess_ = Excess::kNone;
};

}  // namespace cellm
