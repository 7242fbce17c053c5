#include "apps/demo/village.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace cairn::demo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStartMost{20'000};
constexpr milliseconds kPoll{10};

[[noreturn]] void give_up(const std::string& sentence, const std::string& output = {}) {
  std::fprintf(stderr, "%s\n%s", sentence.c_str(), output.c_str());
  std::exit(1);
}

void add(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// What stands on standard error behind the line that shows a recovery key; everything where none is shown.
std::string take_shown_key(const std::string& text, std::string& key) {
  constexpr std::string_view kLine = "The recovery key of ", kBefore = "write it down: ";
  const auto end = text.find('\n');
  const auto at = text.find(kBefore);
  if (!text.starts_with(kLine) || end == std::string::npos || at >= end) return text;
  key = text.substr(at + kBefore.size(), end - at - kBefore.size());
  return text.substr(end + 1);
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string cosigner_name(std::size_t index) { return "localhost/cosigner" + std::to_string(index); }

}  // namespace

std::string init_cosigner(std::vector<std::string> words, const std::string& role, const std::string& name) {
  add(words, {"init", "--role", role, "--name", name});
  const Finished made = run(words, kStartMost);
  const std::string line = trimmed(made.out);
  const bool told = made.exit_code == 0 && line.find(' ') != std::string::npos;
  if (!told) give_up("No key was made for " + name + ".", made.err);
  return line.substr(line.rfind(' ') + 1);
}

Village::Village(VillageOptions options) : options_(std::move(options)) {
  std::filesystem::create_directories(options_.folder);
  // The log's key is made at the server's first start; the cosigners are told of it, and it of them.
  server_policy_file_ = options_.folder + "/server-policy";
  write_text(server_policy_file_, "quorum none\n");
  auto tls = std::exchange(options_.tls, std::nullopt);  // this first time only we ask
  start_server();
  const auto well_known = http_get(server_port_, "/.well-known/cairn");
  if (!well_known) give_up("The server does not answer.", server_->output());
  const auto facts = nlohmann::json::parse(*well_known);
  options_.tls = std::move(tls);
  const std::string log_line =
      "log " + facts["log"]["vkey"].get<std::string>() + " " + url() + facts["log"]["path"].get<std::string>() + "\n";
  stop_server(SIGTERM);

  const std::size_t count = options_.witnesses + options_.auditors;
  for (std::size_t i = 0; i < count; ++i) write_text(options_.folder + "/logs" + std::to_string(i), log_line);
  cosigner_ports_.assign(count, 0);
  std::string lines, witness_names, auditor_names;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string vkey = init_cosigner(cosigner_command(i), cosigner_role(i), cosigner_name(i));
    start_cosigner(i);
    const std::string name = (i < options_.witnesses ? "witness" : "auditor") + std::to_string(i + 1);
    (i < options_.witnesses ? witness_names : auditor_names) += " " + name;
    lines += "witness " + name + " " + vkey + " http://127.0.0.1:" + std::to_string(cosigner_ports_[i]) + "\n";
  }
  const std::string quorum = "group witnesses any" + witness_names + "\ngroup auditors all" + auditor_names +
                             "\ngroup all all witnesses auditors\nquorum all\n";
  policy_file_ = options_.folder + "/policy";
  write_text(policy_file_, lines + quorum);
  write_text(server_policy_file_, lines + quorum);
  start_server();
}

std::vector<std::string> Village::command(const std::string& who, const std::string& program) const {
  std::vector<std::string> words;
  if (options_.prefix) words = options_.prefix(who);
  words.push_back(options_.programs + "/" + program);
  return words;
}

std::string Village::url() const {
  return (options_.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_port_);
}

unsigned Village::await_port(Process& process, const std::string& what) {
  const auto port = port_told_by(process, kStartMost);
  if (port) return *port;
  const std::string seconds = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kStartMost).count());
  give_up(what + (process.running() ? " did not start within " + seconds + " s" : " ended at its start") +
              "; its log is kept in " + process.output_file() + ".",
          process.output());
}

void Village::start_server() {
  std::vector<std::string> words = command("cairnd", options_.server);
  const std::string listen = "127.0.0.1:" + std::to_string(server_port_);
  add(words, {"--data", server_folder(), "serve", "--listen", listen, "--domain", domain_});
  add(words, {"--policy", server_policy_file_, "--sign-up", options_.sign_up});
  if (options_.tls) add(words, {"--tls-cert", options_.tls->certificate, "--tls-key", options_.tls->key});
  add(words, options_.server_arguments);
  const std::string output = options_.folder + "/cairnd.log";
  std::filesystem::remove(output);
  server_.emplace(Process::start(words, output));
  server_port_ = await_port(*server_, "The server");
}

void Village::stop_server(int signal) {
  server_->signal(signal);
  server_->wait(std::chrono::seconds(5));
  server_.reset();
}

void Village::exchange_server(std::string program, std::vector<std::string> arguments) {
  stop_server(SIGTERM);
  options_.server = std::move(program);
  options_.server_arguments = std::move(arguments);
  start_server();
}

std::vector<std::string> Village::cosigner_command(std::size_t index) const {
  const std::string who = "cosigner" + std::to_string(index);
  std::vector<std::string> words = command(who, options_.cosigner);
  add(words, {"--data", options_.folder + "/" + who});
  return words;
}

void Village::start_cosigner(std::size_t index) {
  const std::string output = options_.folder + "/cosigner" + std::to_string(index) + ".log";
  std::filesystem::remove(output);
  std::vector<std::string> words = cosigner_command(index);
  add(words, {"serve", "--listen", "127.0.0.1:" + std::to_string(cosigner_ports_[index])});
  add(words, {"--role", cosigner_role(index), "--name", cosigner_name(index)});
  add(words, {"--logs", options_.folder + "/logs" + std::to_string(index)});
  if (options_.tls) add(words, {"--ca", options_.tls->authorities});
  Process process = Process::start(words, output);
  cosigner_ports_[index] = await_port(process, "A cosigner");
  if (index < cosigners_.size()) {
    cosigners_[index] = std::move(process);
  } else {
    cosigners_.push_back(std::move(process));
  }
}

Said Village::cairn(const std::string& device, const std::vector<std::string>& arguments, milliseconds most,
                    const std::string& input) {
  std::vector<std::string> words = command(device, options_.client);
  add(words, {"--data", device_folder(device), "--json"});
  add(words, arguments);
  const Finished finished = run(words, most, input);
  Said said;
  said.exit_code = finished.exit_code;
  const std::string rest = take_shown_key(finished.err, said.shown_key);
  said.error = trimmed(rest);
  said.json = nlohmann::json::parse(finished.out, nullptr, false);
  return said;
}

void Village::start_daemon(const std::string& device) {
  const std::string output = options_.folder + "/" + device + ".log";
  std::filesystem::remove(output);
  std::vector<std::string> words = command(device, options_.client);
  add(words, {"--data", device_folder(device), "daemon"});
  daemons_.insert_or_assign(device, Process::start(words, output));
  const auto until = std::chrono::steady_clock::now() + kStartMost;
  while (std::chrono::steady_clock::now() < until) {
    // Before the daemon holds the folder a command would hold it in its place.
    if (daemons_.at(device).output().find("listening on") != std::string::npos) {
      const Said status = cairn(device, {"status"});
      if (status.good() && status.json.value("connected", false)) return;
    }
    std::this_thread::sleep_for(kPoll);
  }
  give_up("The daemon of " + device + " did not connect.", daemons_.at(device).output());
}

void Village::stop_daemon(const std::string& device) { daemons_.erase(device); }

Said Village::register_person(const std::string& device, const std::string& name) {
  Said said = cairn(device, {"register", name, "--server", url(), "--policy", policy_file_});
  if (said.good()) start_daemon(device);
  return said;
}

Said Village::link_device(const std::string& device, const std::string& name, const std::string& by,
                          const std::string& policy) {
  // `cairn link` prints the code and waits; the other device approves meanwhile.
  const std::string output = options_.folder + "/" + device + "-link.log";
  std::vector<std::string> words = command(device, options_.client);
  add(words, {"--data", device_folder(device), "--json", "link", name, "--server", url()});
  add(words, {"--policy", policy.empty() ? policy_file_ : policy});
  Process link = Process::start(words, output);
  std::string code;
  const auto until = std::chrono::steady_clock::now() + kStartMost;
  while (code.empty() && link.running() && std::chrono::steady_clock::now() < until) {
    const std::string text = link.output();
    const std::string line = text.substr(0, text.find('\n'));
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object()) code = json.value("code", "");
    std::this_thread::sleep_for(kPoll);
  }
  if (code.empty()) give_up("No code to link " + device + " was shown.", link.output());
  Said said = cairn(by, {"device", "approve", code, "--yes"});
  const auto exit_code = link.wait(std::chrono::seconds(30));
  if (said.good() && exit_code != 0) {
    said.exit_code = exit_code.value_or(124);
    said.error = link.output();
  }
  if (said.good()) start_daemon(device);
  return said;
}

}  // namespace cairn::demo
