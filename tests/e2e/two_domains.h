// Two domains on this machine, with cosigners that follow both or one each, and people with a device each: real
// programs, loopback alone.
#pragma once

#include <csignal>

#include "tests/e2e/village_fixture.h"
#include "tests/support/certificates.h"

namespace cairn::e2e {

/// Whether both domains have the same cosigners and one policy, or neither knows those of the other.
enum class Policies : std::uint8_t { shared, apart };

/// How programs find a domain: they are told http://127.0.0.1:PORT; or by themselves at https://DOMAIN, by its name and
/// its certificate, as where they are used (tests/e2e/shim/names.cpp).
enum class FoundBy : std::uint8_t { address, name };

class TwoDomains {
 public:
  struct Domain {
    std::string name;
    std::string program = "cairnd";        ///< of its server; another one speaks to no other domain
    std::vector<std::string> arguments{};  ///< of its server, beside the usual ones
    unsigned port = 0;
    std::string certificate{};         ///< NAME.pem and NAME.key, found by name; empty: plain
    std::string policy_file{};         ///< its clients'
    std::string server_policy_file{};  ///< with the cosigners' addresses
    std::string domains_file{};
    std::optional<demo::Process> server{};

    std::string url() const {
      return certificate.empty() ? "http://127.0.0.1:" + std::to_string(port) : "https://" + name;
    }
  };

  TwoDomains(std::string folder, Policies policies, FoundBy found_by = FoundBy::address)
      : folder_(std::move(folder)), policies_(policies), found_by_(found_by) {
    std::filesystem::create_directories(file("trouble"));
    one.name = "one.example";
    two.name = "two.example";
    std::string lines;
    for (Domain* domain : {&one, &two}) {
      domain->server_policy_file = file(domain->name + "-server-policy");
      domain->domains_file = file(domain->name + "-domains");
      write(domain->server_policy_file, "quorum none\n");
      write(domain->domains_file, "");
      start(*domain);
      const auto facts = nlohmann::json::parse(demo::http_get(domain->port, "/.well-known/cairn").value());
      if (found_by_ == FoundBy::name) domain->certificate = domain->name;
      log_lines_.push_back("log " + facts["log"]["vkey"].get<std::string>() + " " + domain->url() + "/log\n");
      stop(*domain, SIGTERM);
    }
    if (found_by_ == FoundBy::address) {
      write(one.domains_file, "url two.example " + two.url() + "\n");
      write(two.domains_file, "url one.example " + one.url() + "\n");
    } else {
      authority.emplace(file(""), "authority");
      for (const Domain* domain : {&one, &two}) authority->issue(domain->name, "DNS:" + domain->name);
      write(file("names"), "one.example 6.0.0.1 " + std::to_string(one.port) + "\ntwo.example 6.0.0.2 " +
                               std::to_string(two.port) + "\n");
    }
    start_cosigners();
    start(one);
    start(two);
  }

  Domain one;
  Domain two;
  std::optional<testing::TestAuthority> authority{};  ///< found by name

  void start(Domain& domain) {
    std::vector<std::string> words = command(domain.name, domain.program);
    words.insert(words.end(), {"--data", file(domain.name), "serve"});
    for (const std::string& word :
         std::vector<std::string>{"--listen", "127.0.0.1:" + std::to_string(domain.port), "--domain", domain.name,
                                  "--policy", domain.server_policy_file, "--sign-up", "open"}) {
      words.push_back(word);
    }
    if (domain.program == "cairnd") {
      words.insert(words.end(), {"--federation", "on", "--federation-domains", domain.domains_file});
    }
    if (!domain.certificate.empty()) {
      words.insert(words.end(),
                   {"--tls-cert", file(domain.certificate + ".pem"), "--tls-key", file(domain.certificate + ".key"),
                    "--ca", authority->certificate(), "--metrics", "127.0.0.1:0"});
    }
    words.insert(words.end(), domain.arguments.begin(), domain.arguments.end());
    const std::string output = file(domain.name + ".log");
    std::filesystem::remove(output);
    domain.server.emplace(demo::Process::start(words, output));
    domain.port = await_port(*domain.server);
  }
  static void stop(Domain& domain, int signal) {
    domain.server->signal(signal);
    domain.server->wait(std::chrono::seconds(5));
    domain.server.reset();
  }

  demo::Said cairn(const std::string& device, const std::vector<std::string>& arguments,
                   std::chrono::milliseconds most = std::chrono::seconds(30)) {
    std::vector<std::string> words = command(device, "cairn");
    words.insert(words.end(), {"--data", file(device), "--json"});
    words.insert(words.end(), arguments.begin(), arguments.end());
    const demo::Finished finished = demo::run(words, most);
    demo::Said said;
    said.exit_code = finished.exit_code;
    said.error = finished.err;
    said.json = nlohmann::json::parse(finished.out, nullptr, false);
    return said;
  }

  /// A name with a device, whose daemon runs.
  void person(const std::string& device, const std::string& name, Domain& at) {
    std::vector<std::string> words = {"register", name, "--policy", at.policy_file};
    if (at.certificate.empty()) words.insert(words.end(), {"--server", at.url()});
    if (!at.certificate.empty()) words.insert(words.begin(), {"--ca", authority->certificate()});
    const demo::Said said = cairn(device, words);
    ASSERT_TRUE(said.good()) << said.error;
    start_daemon(device);
  }
  /// Likewise one more of a name that has `by` already.
  void further_device(const std::string& device, const std::string& name, Domain& at, const std::string& by) {
    demo::Process link = demo::Process::start({program_folder() + "/cairn", "--data", file(device), "--json", "link",
                                               name, "--server", at.url(), "--policy", at.policy_file},
                                              file(device + "-link.log"));
    std::string code;
    ASSERT_TRUE(eventually([&] {
      const std::string text = link.output();
      const auto shown = nlohmann::json::parse(text.substr(0, text.find('\n')), nullptr, false);
      if (shown.is_object()) code = shown.value("code", "");
      return !code.empty();
    })) << link.output();
    const demo::Said said = cairn(by, {"device", "approve", code, "--yes"});
    ASSERT_TRUE(said.good()) << said.error;
    ASSERT_EQ(link.wait(std::chrono::seconds(30)), 0) << link.output();
    start_daemon(device);
  }
  /// Says where the other domain is, and under which policy; without one under the own.
  demo::Said add_domain(const std::string& device, const Domain& other, const std::string& policy = {}) {
    std::vector<std::string> words = {"domain", "add", other.name, "--server", other.url()};
    if (!policy.empty()) words.insert(words.end(), {"--policy", policy});
    return cairn(device, words);
  }

  void start_daemon(const std::string& device) {
    const std::string output = file(device + ".log");
    std::filesystem::remove(output);
    std::vector<std::string> words = command(device, "cairn");
    words.insert(words.end(), {"--data", file(device), "daemon"});
    daemons_.insert_or_assign(device, demo::Process::start(words, output));
    ASSERT_TRUE(eventually([&] {
      if (daemons_.at(device).output().find("listening on") == std::string::npos) return false;
      const demo::Said status = cairn(device, {"status"});
      return status.good() && status.json.value("connected", false);
    })) << daemons_.at(device).output();
  }
  void kill_daemon(const std::string& device) {
    daemons_.at(device).signal(SIGKILL);
    daemons_.at(device).wait(std::chrono::seconds(5));
    daemons_.erase(device);
  }

  std::vector<std::string> texts(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const demo::Said said = cairn(device, {"read", conversation});
    if (!said.good()) return out;
    for (const auto& message : said.json["messages"]) {
      if (message["delivery"] == "notice") continue;
      out.push_back(message["sender"].get<std::string>() + ": " + message["text"].get<std::string>());
    }
    return out;
  }
  bool has_text(const std::string& device, const std::string& conversation, const std::string& line) {
    const auto all = texts(device, conversation);
    return std::find(all.begin(), all.end(), line) != all.end();
  }

  /// What waits for the other domain at a server.
  std::uint64_t waiting(const Domain& domain) {
    unsigned port = domain.port;
    if (!domain.certificate.empty()) {
      const std::string mark = "metrics on http://127.0.0.1:", log = domain.server->output();
      port = static_cast<unsigned>(std::stoul(log.substr(log.find(mark) + mark.size())));
    }
    const auto health = demo::http_get(port, "/v1/health");
    return health ? nlohmann::json::parse(*health)["forwarding"]["envelopes"].get<std::uint64_t>() : 0;
  }

  /// Found by name: from now on the clocks of all programs go ahead by so much.
  void set_clocks(std::chrono::seconds ahead) {
    std::vector<std::string> all = {one.name, two.name};
    for (std::size_t i = 0; i < cosigners_.size(); ++i) all.push_back("cosigner" + std::to_string(i));
    for (const auto& [device, daemon] : daemons_) all.push_back(device);
    for (const std::string& who : all) {
      const std::string path = file("trouble/" + who + ".clock");
      write(path + ".new", std::to_string(ahead.count()));
      std::filesystem::rename(path + ".new", path);  // never seen empty, which would set it back
    }
  }

  /// The beginning of a command; `who`: a domain, cosignerN or a device.
  std::vector<std::string> command(const std::string& who, const std::string& program) const {
    const std::string path = program_folder() + "/" + program;
    if (found_by_ == FoundBy::address) return {path};
    return {"/usr/bin/env", "LD_PRELOAD=" + program_folder() + "/libcairn_trouble.so", "CAIRN_NAMES=" + file("names"),
            "CAIRN_TROUBLE=" + file("trouble/" + who), path};
  }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  static unsigned await_port(demo::Process& process) {
    const auto port = demo::port_told_by(process, std::chrono::seconds(15));
    if (!port) throw std::runtime_error("a program did not start: " + process.output());
    return *port;
  }

  /// Four: two witnesses and two auditors for both, or one of each for either.
  void start_cosigners() {
    constexpr std::size_t kCosigners = 4;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < kCosigners; ++i) {
      const std::string who = "cosigner" + std::to_string(i);
      const bool both = policies_ == Policies::shared;
      write(file(who + "-logs"), both ? log_lines_[0] + log_lines_[1] : log_lines_[i / 2]);
      const std::string role = i % 2 == 0 ? "witness" : "auditor";
      std::vector<std::string> words = command(who, "cairn-witness");
      words.insert(words.end(), {"--data", file(who)});
      const std::string vkey = demo::init_cosigner(words, role, "localhost/" + who);
      words.insert(words.end(), {"serve", "--listen", "127.0.0.1:0", "--role", role, "--name", "localhost/" + who,
                                 "--logs", file(who + "-logs")});
      if (authority) words.insert(words.end(), {"--ca", authority->certificate()});
      cosigners_.push_back(demo::Process::start(words, file(who + ".log")));
      const unsigned port = await_port(cosigners_.back());
      lines.push_back("witness " + role + std::to_string(i) + " " + vkey + " http://127.0.0.1:" + std::to_string(port) +
                      "\n");
    }
    const auto policy = [&](const std::string& all, const std::string& witnesses, const std::string& auditors) {
      return all + "group witnesses any" + witnesses + "\ngroup auditors all" + auditors +
             "\ngroup all all witnesses auditors\nquorum all\n";
    };
    if (policies_ == Policies::shared) {
      const std::string text =
          policy(lines[0] + lines[1] + lines[2] + lines[3], " witness0 witness2", " auditor1 auditor3");
      set_policy(one, text);
      set_policy(two, text);
    } else {
      set_policy(one, policy(lines[0] + lines[1], " witness0", " auditor1"));
      set_policy(two, policy(lines[2] + lines[3], " witness2", " auditor3"));
    }
  }
  void set_policy(Domain& domain, const std::string& text) {
    domain.policy_file = file(domain.name + "-policy");
    write(domain.policy_file, text);
    write(domain.server_policy_file, text);
  }

  std::string folder_;
  Policies policies_;
  FoundBy found_by_;
  std::vector<std::string> log_lines_;
  std::vector<demo::Process> cosigners_;
  std::map<std::string, demo::Process> daemons_;
};

class TwoDomainsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("cairn-two-" + std::to_string(getpid()) + "-" + std::to_string(++count));
  }
  void TearDown() override {
    domains_.reset();
    if (!HasFailure()) std::filesystem::remove_all(folder_);
  }
  TwoDomains& begin(Policies policies, FoundBy found_by = FoundBy::address) {
    domains_.emplace(folder_.string(), policies, found_by);
    return *domains_;
  }
  /// alice@one.example and bob@two.example, who know where the other one's domain is.
  TwoDomains& alice_and_bob(Policies policies = Policies::shared) {
    TwoDomains& out = begin(policies);
    out.person("alice", "alice@one.example", out.one);
    out.person("bob", "bob@two.example", out.two);
    must(out.add_domain("alice", out.two));
    must(out.add_domain("bob", out.one));
    return out;
  }
  static void must(const demo::Said& said) { ASSERT_TRUE(said.good()) << said.exit_code << " " << said.error; }

  std::filesystem::path folder_;
  std::optional<TwoDomains> domains_;
};

}  // namespace cairn::e2e
