// The samples of docs/operating/samples in front of a server: what people of it do goes through, and through the proxy
// alone. nginx and caddy are those of the PATH.
#include <gtest/gtest.h>

#include <regex>

#include "tests/e2e/village_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/ports.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFile = std::size_t{3} << 20;  ///< bytes: three parts

bool is_here(const std::string& program) {
  return demo::run({"/bin/sh", "-c", "command -v \"$1\"", "sh", program}, std::chrono::seconds(10)).exit_code == 0;
}

class Proxies : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    fs::create_directories(tls_folder());
    authority_.emplace(tls_folder().string(), "authority");
    authority_->issue("proxy", "DNS:localhost,IP:127.0.0.1");
    village("cairnd", {"--behind-proxy"});
    port_ = testing::free_ports(1).front();
  }
  void TearDown() override {
    proxy_.reset();
    VillageTest::TearDown();
  }
  fs::path tls_folder() const { return folder_ / "tls"; }
  std::string file(const std::string& name) const { return (tls_folder() / name).string(); }

  /// The sample, with what it says of its site told anew: each pair is what stands there, as a pattern, and what shall.
  static std::string sample(const std::string& name, const std::vector<std::pair<std::string, std::string>>& changes) {
    std::ifstream in(std::string(testing::source_dir()) + "/docs/operating/samples/" + name);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const auto& [what, instead] : changes) {
      const std::regex pattern(what);
      EXPECT_TRUE(std::regex_search(text, pattern)) << what;
      text = std::regex_replace(text, pattern, instead);
    }
    return text;
  }
  void start(const std::vector<std::string>& words) {
    proxy_.emplace(demo::Process::start(words, (folder_ / "proxy.log").string()));
    ASSERT_TRUE(eventually([&] { return asked("/.well-known/cairn") == "200"; }))
        << asked("/.well-known/cairn") << proxy_->output();
  }
  /// The status of an answer to GET by the proxy; "" when there is none.
  std::string asked(const std::string& path) {
    const std::string answer =
        demo::run({"/usr/bin/env", "openssl", "s_client", "-quiet", "-CAfile", authority_->certificate(), "-connect",
                   "127.0.0.1:" + port_},
                  std::chrono::seconds(10), "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            .out;
    constexpr std::string_view kBegin = "HTTP/1.1 ";
    return answer.starts_with(kBegin) ? answer.substr(kBegin.size(), 3) : std::string();
  }
  void join(const std::string& device, const std::string& name) {
    must(village().cairn(device,
                         {"--ca", authority_->certificate(), "register", name, "--server", "https://127.0.0.1:" + port_,
                          "--policy", village().policy_file()},
                         std::chrono::seconds(60)));
    village().start_daemon(device);
  }

  void expect_all_goes_through() {
    EXPECT_EQ(asked("/metrics"), asked("/nothing")) << "what is not of people does not reach the server";
    join("alice-1", "alice@localhost");
    join("bob-1", "bob@localhost");
    must(village().cairn("alice-1", {"send", "bob@localhost", "hi", "--wait", "60"}, std::chrono::seconds(90)));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hi"); }));

    must(village().cairn("bob-1", {"send", "alice@localhost", "hello", "--wait", "60"}, std::chrono::seconds(90)));
    EXPECT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: hello"); }));

    const std::string path = (folder_ / "picture.bin").string();
    std::string bytes(kFile, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 7);
    std::ofstream(path, std::ios::binary) << bytes;
    must(village().cairn("alice-1", {"send", "bob@localhost", "a file", "--attach", path, "--wait", "60"},
                         std::chrono::seconds(90)));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: a file"); }));
    const demo::Said read = village().cairn("bob-1", {"read", "alice@localhost"});
    ASSERT_TRUE(read.good()) << read.error;
    const std::string id = read.json["messages"].back()["id"];
    fs::create_directories(folder_ / "saved");
    must(village().cairn("bob-1", {"save", id, "--to", (folder_ / "saved").string()}, std::chrono::seconds(60)));
    std::ifstream saved(folder_ / "saved" / "picture.bin", std::ios::binary);
    EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(saved), {}) == bytes);

    for (const char* device : {"alice-1", "bob-1"}) {
      EXPECT_EQ(village().cairn(device, {"status"}).json.value("connected", false), true) << device;
    }
    EXPECT_TRUE(proxy_->running()) << proxy_->output();
  }

  std::optional<testing::TestAuthority> authority_;
  std::optional<demo::Process> proxy_;
  std::string port_;
};

TEST_F(Proxies, Nginx) {
  if (!is_here("nginx")) GTEST_SKIP() << "SKIPPED: there is no nginx here";
  const std::string site =
      sample("nginx.conf", {{"listen 443 ssl", "listen 127.0.0.1:" + port_ + " ssl"},
                            {"  listen \\[::\\]:443 ssl;\n", ""},
                            {"/etc/ssl/example.org/fullchain.pem", file("proxy.pem")},
                            {"/etc/ssl/example.org/key.pem", file("proxy.key")},
                            {"127\\.0\\.0\\.1:8440", "127.0.0.1:" + std::to_string(server_port())}});
  const std::string here = (folder_ / "nginx").string();
  fs::create_directories(here);
  std::string places;
  for (const char* one : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    places += std::string(one) + "_temp_path " + here + "/" + one + ";\n";
  }
  std::ofstream(here + "/nginx.conf") << "daemon off;\nmaster_process off;\npid " << here
                                      << "/pid;\nevents {}\nhttp {\n"
                                      << places << site << "}\n";
  start({"/usr/bin/env", "nginx", "-p", here, "-e", "stderr", "-c", here + "/nginx.conf"});
  expect_all_goes_through();
}

TEST_F(Proxies, Caddy) {
  if (!is_here("caddy")) GTEST_SKIP() << "SKIPPED: there is no caddy here";
  const std::string here = (folder_ / "caddy").string();
  fs::create_directories(here);
  std::ofstream(here + "/Caddyfile")
      << "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
      << sample("Caddyfile", {{"example\\.org \\{", "https://127.0.0.1:" + port_ + " {\n\tbind 127.0.0.1\n\ttls " +
                                                        file("proxy.pem") + " " + file("proxy.key")},
                              {"127\\.0\\.0\\.1:8440", "127.0.0.1:" + std::to_string(server_port())}});
  start({"/usr/bin/env", "HOME=" + here, "XDG_DATA_HOME=" + here, "XDG_CONFIG_HOME=" + here, "caddy", "run",
         "--adapter", "caddyfile", "--config", here + "/Caddyfile"});
  expect_all_goes_through();
}

}  // namespace
}  // namespace cairn::e2e
