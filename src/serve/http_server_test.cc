#include "serve/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "serve/connection.h"

namespace cellm {
namespace {

constexpr const char* kKey = "0123456789abcdef";
constexpr const char* kOtherKey = "fedcba9876543210";

// What a server sends back for the bytes of one connection.
std::string answer_to(HttpServer& server, const std::string& request) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_EQ(::send(ends[0], request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  ::shutdown(ends[0], SHUT_WR);
  server.serve(ends[1]);
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(ends[0], buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  return answer;
}

// By which name the callers of `server` take turns.
class Clients {
 public:
  explicit Clients(std::vector<std::string> keys) : server_(rules_with(keys)) {
    server_.get("/",
                [this](const HttpServer::Request& /*request*/, HttpServer::Response& response) {
                  client_ = Connection::current()->client;
                  set_json(response, "{}");
                });
  }

  std::string of(const std::string& header) {
    client_ = "nobody";
    const std::string answer =
        answer_to(server_, "GET / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    return client_;
  }

 private:
  static HttpRules rules_with(const std::vector<std::string>& keys) {
    HttpRules rules;
    if (!keys.empty()) rules.keys = ApiKeys(keys);
    return rules;
  }

  HttpServer server_;
  std::string client_;
};

TEST(HttpServer, CallersWithAKeyTakeTurnsByIt) {
  Clients clients({kKey, kOtherKey});
  const std::string one = clients.of(std::string("Authorization: Bearer ") + kKey);
  EXPECT_EQ(clients.of(std::string("X-Api-Key: ") + kKey), one);
  EXPECT_EQ(clients.of(std::string("Authorization: Basic x\r\nX-Api-Key: ") + kKey), one);
  EXPECT_NE(clients.of(std::string("X-Api-Key: ") + kOtherKey), one);
}

TEST(HttpServer, WithoutKeysNobodyGetsMoreTurnsByMakingThemUp) {
  Clients clients({});
  const std::string address = clients.of("Accept: */*");
  EXPECT_EQ(clients.of("Authorization: Bearer one"), address);
  EXPECT_EQ(clients.of("X-Api-Key: two"), address);
}

TEST(HttpServer, AFirstLineThatBreaksOffIsAnsweredAsOtherErrors) {
  HttpServer server({});
  const std::string bare = answer_to(server, "GET / HTTP/1.1\nHost: localhost\n\n");
  EXPECT_TRUE(bare.starts_with("HTTP/1.1 400")) << bare;
  EXPECT_NE(bare.find("Cache-Control: no-store"), std::string::npos) << bare;
  EXPECT_NE(bare.find("Connection: close"), std::string::npos) << bare;
  const std::string large = answer_to(server, "GET /" + std::string(100'000, 'x'));
  EXPECT_TRUE(large.starts_with("HTTP/1.1 431")) << large;
  EXPECT_EQ(answer_to(server, ""), "");
}

}  // namespace
}  // namespace cellm
