#include "apps/demo/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

extern char** environ;

namespace cairn::demo {
namespace {

using Clock = std::chrono::steady_clock;

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

pid_t spawn(const std::vector<std::string>& argv, posix_spawn_file_actions_t& actions) {
  std::vector<char*> raw;
  for (const std::string& word : argv) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  // A child hears signals, even where this process has them wait (signals.h).
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, raw[0], &actions, &attributes, raw.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::fprintf(stderr, "%s cannot be started; build it first.\n", raw[0]);
    std::exit(1);
  }
  return pid;
}

void pipe_pair(int (&ends)[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) {
    std::perror("pipe");
    std::exit(1);
  }
}

/// Reads both ends until they close or the time is over; true when they closed.
bool drain(int out, int err, Finished& finished, Clock::time_point until) {
  pollfd ends[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  std::string* texts[] = {&finished.out, &finished.err};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0 || poll(ends, 2, static_cast<int>(left)) <= 0) return false;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t count = read(ends[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(count));
      } else {
        ends[i].fd = -1;
      }
    }
  }
  return true;
}

}  // namespace

Process Process::start(const std::vector<std::string>& argv, const std::string& output_file) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  return {spawn(argv, actions), output_file};
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_), output_file_(std::move(other.output_file_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    exit_code_ = other.exit_code_;
    output_file_ = std::move(other.output_file_);
  }
  return *this;
}

Process::~Process() { end(); }

void Process::end() {
  if (!running()) return;
  signal(SIGTERM);
  if (wait(std::chrono::seconds(2))) return;
  signal(SIGKILL);
  wait(std::chrono::seconds(2));
}

bool Process::running() {
  if (pid_ < 0 || exit_code_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = exit_code_of(status);
  return !exit_code_;
}

void Process::signal(int number) {
  if (running()) kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds most) {
  const auto until = Clock::now() + most;
  while (running() && Clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return exit_code_;
}

std::string Process::output() const {
  std::ostringstream text;
  text << std::ifstream(output_file_).rdbuf();
  return text.str();
}

std::optional<unsigned> port_told_by(Process& process, std::chrono::milliseconds most) {
  const std::string mark = "://127.0.0.1:";
  const auto until = Clock::now() + most;
  while (Clock::now() < until && process.running()) {
    const std::string output = process.output();
    const std::size_t at = output.find(mark, output.rfind("listening on http"));
    if (at != std::string::npos && output.find('\n', at) != std::string::npos) {
      return static_cast<unsigned>(std::strtoul(output.c_str() + at + mark.size(), nullptr, 10));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return std::nullopt;
}

Finished run(const std::vector<std::string>& argv, std::chrono::milliseconds most, const std::string& input) {
  int in[2], out[2], err[2];
  pipe_pair(in);
  pipe_pair(out);
  pipe_pair(err);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  const pid_t pid = spawn(argv, actions);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  if (!input.empty() && write(in[1], input.data(), input.size()) < 0) std::perror("write");
  close(in[1]);
  Finished finished;
  const bool ended = drain(out[0], err[0], finished, Clock::now() + most);
  if (!ended) kill(pid, SIGKILL);
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  finished.exit_code = ended ? exit_code_of(status) : 124;
  return finished;
}

namespace {

/// One request to this machine, and all that came back until the other side closed.
std::string ask_loopback(unsigned port, const std::string& request) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string reply;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char buffer[4096];
    for (ssize_t count; (count = recv(connection, buffer, sizeof buffer, 0)) > 0;) {
      reply.append(buffer, static_cast<std::size_t>(count));
    }
  }
  close(connection);
  return reply;
}

constexpr const char* kHeaders = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";

std::optional<HttpAnswer> parse_reply(const std::string& reply) {
  const std::string start = "HTTP/1.1 ";
  const std::size_t body = reply.find("\r\n\r\n");
  if (!reply.starts_with(start) || body == std::string::npos) return std::nullopt;
  return HttpAnswer{std::atoi(reply.c_str() + start.size()), reply.substr(body + 4)};
}

}  // namespace

std::optional<std::string> http_get(unsigned port, const std::string& target) {
  const auto answer = parse_reply(ask_loopback(port, "GET " + target + kHeaders + "\r\n"));
  return answer && answer->status == 200 ? std::optional(answer->body) : std::nullopt;
}

std::optional<HttpAnswer> http_post(unsigned port, const std::string& target, const std::string& body) {
  return parse_reply(ask_loopback(
      port, "POST " + target + kHeaders + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
}

}  // namespace cairn::demo
