// A program started as a child, its output, and its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cairn::demo {

struct Finished {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// A running child. Its destructor ends it: SIGTERM, and SIGKILL after two seconds. Output goes to files in `folder`.
class Process {
 public:
  /// Starts argv[0] with standard input from /dev/null. Ends this process with a sentence when it cannot be started.
  static Process start(const std::vector<std::string>& argv, const std::string& output_file);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  /// Waits for its end; nothing when it takes longer.
  std::optional<int> wait(std::chrono::milliseconds most);
  /// What it has printed so far, both streams.
  std::string output() const;
  const std::string& output_file() const { return output_file_; }

 private:
  Process(pid_t pid, std::string output_file) : pid_(pid), output_file_(std::move(output_file)) {}
  void end();

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::string output_file_;
};

/// The port of this machine at which a server of ours says that it listens; nothing when it ends, or takes longer.
std::optional<unsigned> port_told_by(Process& process, std::chrono::milliseconds most);

/// Runs a program to its end, at most `most` long (then it is killed, with exit code 124). `input` is its standard
/// input.
Finished run(const std::vector<std::string>& argv, std::chrono::milliseconds most, const std::string& input = {});

/// GET http://127.0.0.1:port/target: the body of a 200, nothing otherwise.
std::optional<std::string> http_get(unsigned port, const std::string& target);

struct HttpAnswer {
  int status = 0;
  std::string body;
};
/// POST http://127.0.0.1:port/target; nothing when nobody answers.
std::optional<HttpAnswer> http_post(unsigned port, const std::string& target, const std::string& body);

}  // namespace cairn::demo
