#include "apps/cairn/daemon.h"

#include "apps/cairn/http_front.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMostPortDigits = 5;
constexpr unsigned long kLastPort = 65'535;

/// For CLI11: what is wrong with a port, empty when nothing is.
std::string port_trouble(const std::string& port) {
  const bool is_number = port.size() <= kMostPortDigits && port.find_first_not_of("0123456789") == std::string::npos;
  return is_number && (port.empty() || std::stoul(port) <= kLastPort) ? "" : "A port is a number up to 65535.";
}

}  // namespace

void add_daemon_command(CLI::App& app, Question question, std::optional<std::uint16_t>& http_port) {
  CLI::App* daemon = app.add_subcommand("daemon", "stay, receive, and serve other commands");
  daemon
      ->add_option_function<std::string>(
          "--http",
          [&http_port](const std::string& port) {
            http_port = port.empty() ? kHttpPort : static_cast<std::uint16_t>(std::stoul(port));
          },
          "serve JSON-RPC over HTTP too, to this machine alone (8460; 0 takes a free port)")
      ->expected(0, 1)
      ->type_name("[PORT]")
      ->check(port_trouble);
  daemon->callback([question] { question.method = "daemon"; });
}

}  // namespace cairn::apps
