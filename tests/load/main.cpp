// cairn-load: a crowd at a server of this machine; prints what it saw as one line of JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/load/crowd.h"

namespace {

nlohmann::json percentiles(const cairn::load::Times& times) {
  return {{"p50", times.at_most_ms(0.5)}, {"p99", times.at_most_ms(0.99)}, {"p999", times.at_most_ms(0.999)}};
}

}  // namespace

int main(int argc, char** argv) {
  cairn::load::CrowdOptions options;
  CLI::App app{"A crowd of people at a server with sign-up open and no limit for one address (--address-rate 0)."};
  app.add_option("--url", options.url, "of the server, on this machine")->required();
  app.add_option("--domain", options.domain, "of its names");
  app.add_option("--people", options.people, "with a device on line each");
  app.add_option("--busy", options.busy, "of these so many send, over as many connections");
  app.add_option("--channels", options.channels_each, "of each of them");
  app.add_option("--rate", options.rate, "envelopes a second; 0: each as soon as another was answered");
  app.add_option("--seconds", options.seconds, "to send for");
  app.add_option("--metrics", options.metrics, "URL of the server's metrics");
  app.add_option("--seed", options.seed, "of names and keys: another one for each run at the same server");
  CLI11_PARSE(app, argc, argv);

  cairn::load::Crowd crowd(options);
  crowd.gather();
  // A line by itself, so that whoever waits for it may look at the server now.
  std::printf("%s\n", nlohmann::json{{"online", crowd.online()}}.dump().c_str());
  std::fflush(stdout);
  const cairn::load::CrowdReport report = crowd.send();
  const nlohmann::json said = {{"accepted", report.accepted.size()},
                               {"accepted_per_second", static_cast<double>(report.accepted.size()) / report.seconds},
                               {"accept_ms", percentiles(report.accepted)},
                               {"delivered", report.delivered.size()},
                               {"deliver_ms", percentiles(report.delivered)},
                               {"commits_per_second", report.commits / report.seconds},
                               {"refused", report.refused},
                               {"lost", report.lost},
                               {"wrong", report.wrong},
                               {"closed", report.closed},
                               {"online", crowd.online()},
                               {"seconds", report.seconds}};
  std::printf("%s\n", said.dump().c_str());
  return 0;
}
