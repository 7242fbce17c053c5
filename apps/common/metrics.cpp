#include "apps/common/metrics.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace cairn::apps {
namespace {

constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};

std::string seconds(std::uint64_t microseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%llu.%06llu", static_cast<unsigned long long>(microseconds / 1'000'000),
                static_cast<unsigned long long>(microseconds % 1'000'000));
  return text;
}

void head(std::string& out, const std::string& name, const char* type, const char* help) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void line(std::string& out, const std::string& name, const std::string& labels, const std::string& value) {
  out += name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
}

void one(std::string& out, const std::string& name, const char* type, const char* help, std::uint64_t value) {
  head(out, name, type, help);
  line(out, name, "", std::to_string(value));
}

/// A number, or 1 and 0 for a flag; nothing for anything else.
std::optional<std::string> number_of(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (!value.is_number_unsigned()) return std::nullopt;
  return std::to_string(value.get<std::uint64_t>());
}

/// As the value of a label, where an operator's list may have chosen it.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

/// The logs that a witness or an auditor follows, each with its numbers, by its origin.
void add_logs(std::string& out, const nlohmann::json& logs) {
  head(out, "cairn_log", "gauge", "Numbers of each log that is followed.");
  for (const nlohmann::json& log : logs) {
    if (!log.is_object() || !log.value("origin", nlohmann::json()).is_string()) continue;
    const std::string origin = "origin=\"" + escaped(log["origin"].get<std::string>()) + "\"";
    for (const auto& [field, value] : log.items()) {
      const auto number = number_of(value);
      if (number) line(out, "cairn_log", "field=\"" + field + "\"," + origin, *number);
    }
  }
}

/// Each number and word of the mind's health, one level deep: their names and words are the program's own. And its
/// logs, where it follows some.
void add_health(std::string& out, const std::string& health) {
  const auto json = nlohmann::json::parse(health, nullptr, false);
  if (!json.is_object()) return;
  head(out, "cairn_health", "gauge", "Numbers of the health document.");
  std::string states;
  const auto add = [&](const std::string& field, const nlohmann::json& value) {
    if (const auto number = number_of(value)) {
      line(out, "cairn_health", "field=\"" + field + "\"", *number);
    } else if (value.is_string()) {
      line(states, "cairn_state", "field=\"" + field + "\",value=\"" + value.get<std::string>() + "\"", "1");
    }
  };
  for (const auto& [field, value] : json.items()) {
    if (!value.is_object()) add(field, value);
    if (value.is_object()) {
      for (const auto& [inner, number] : value.items()) add(field + "." + inner, number);
    }
  }
  head(out, "cairn_state", "gauge", "Words of the health document; 1 for the one that holds.");
  out += states;
  const auto logs = json.find("logs");
  if (logs != json.end() && logs->is_array()) add_logs(out, *logs);
}

}  // namespace

Metrics::Metrics(std::vector<std::string> routes) : routes_(std::move(routes)) {}

std::string Metrics::route_of(const std::string& target) const {
  const std::string path = target.substr(0, target.find('?'));
  for (const std::string& route : routes_) {
    const bool is_end = route.starts_with('*') && path.ends_with(std::string_view(route).substr(1));
    const bool is_beginning = route.ends_with('/') && path.starts_with(route);
    if (path == route || is_end || is_beginning) return route;
  }
  return "other";
}

void Metrics::request(const std::string& target, int status, std::uint64_t microseconds) {
  std::string route = route_of(target);
  const std::scoped_lock lock(mutex_);
  ++requests_[{std::move(route), status}];
  const auto bucket = std::lower_bound(kEnds.begin(), kEnds.end(), microseconds) - kEnds.begin();
  ++durations_[static_cast<std::size_t>(bucket)];
  duration_sum_ += microseconds;
}

void Metrics::event(proto::Event::Level level) {
  const std::scoped_lock lock(mutex_);
  ++events_[static_cast<std::size_t>(level)];
}

void Metrics::frame(Direction direction) {
  const std::scoped_lock lock(mutex_);
  ++frames_[static_cast<std::size_t>(direction)];
}

void Metrics::call(bool answered) {
  const std::scoped_lock lock(mutex_);
  ++calls_[answered ? 1 : 0];
}

void Metrics::sockets(std::size_t open) {
  const std::scoped_lock lock(mutex_);
  sockets_ = open;
}

void Metrics::loop(const loop::LoopCounts& counts, std::size_t connections, bool full) {
  const std::scoped_lock lock(mutex_);
  counts_ = counts;
  connections_ = connections;
  full_ = full;
}

void Metrics::heard(std::string health, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  health_ = std::move(health);
  heard_ms_ = now_ms;
}

std::string Metrics::text(std::uint64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  head(out, "cairn_requests_total", "counter", "Requests that were answered, by path and status.");
  for (const auto& [key, count] : requests_) {
    const std::string labels = "route=\"" + key.first + "\",status=\"" + std::to_string(key.second) + "\"";
    line(out, "cairn_requests_total", labels, std::to_string(count));
  }
  head(out, "cairn_request_seconds", "histogram", "From a request's arrival to its durable answer.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    sum += durations_[i];
    line(out, "cairn_request_seconds_bucket", "le=\"" + seconds(kEnds[i]) + "\"", std::to_string(sum));
  }
  sum += durations_[kBuckets];
  line(out, "cairn_request_seconds_bucket", "le=\"+Inf\"", std::to_string(sum));
  line(out, "cairn_request_seconds_sum", "", seconds(duration_sum_));
  line(out, "cairn_request_seconds_count", "", std::to_string(sum));
  head(out, "cairn_events_total", "counter", "Lines of the log, by level.");
  for (std::size_t i = 0; i < events_.size(); ++i) {
    line(out, "cairn_events_total", "level=\"" + std::string(kLevels[i]) + "\"", std::to_string(events_[i]));
  }
  head(out, "cairn_frames_total", "counter", "Frames of sockets: deliveries and acknowledgements.");
  line(out, "cairn_frames_total", "direction=\"in\"", std::to_string(frames_[0]));
  line(out, "cairn_frames_total", "direction=\"out\"", std::to_string(frames_[1]));
  head(out, "cairn_calls_total", "counter", "Calls to other servers, by whether they were answered.");
  line(out, "cairn_calls_total", "answered=\"no\"", std::to_string(calls_[0]));
  line(out, "cairn_calls_total", "answered=\"yes\"", std::to_string(calls_[1]));
  one(out, "cairn_sockets", "gauge", "Sockets that are open.", sockets_);
  one(out, "cairn_connections", "gauge", "Connections that are open, sockets included.", connections_);
  one(out, "cairn_batches_total", "counter", "Batches of inputs.", counts_.batches);
  one(out, "cairn_inputs_total", "counter", "Inputs: requests, frames, timers, answers.", counts_.inputs);
  one(out, "cairn_commits_total", "counter", "Transactions, each synced to the disk.", counts_.commits);
  one(out, "cairn_commit_failures_total", "counter", "Transactions that failed.", counts_.failures);
  one(out, "cairn_store_full", "gauge", "1 while the disk has no room.", full_ ? 1 : 0);
  head(out, "cairn_heard_seconds", "gauge", "Since the server last said how it is.");
  line(out, "cairn_heard_seconds", "", seconds((now_ms - std::min(now_ms, heard_ms_)) * 1000));
  add_health(out, health_);
  return out;
}

Metrics::Health Metrics::health(std::uint64_t now_ms) const {
  const std::scoped_lock lock(mutex_);
  const bool well = heard_ms_ != 0 && now_ms - std::min(now_ms, heard_ms_) <= kStaleMs;
  if (!well) return {false, "{\"store\": \"silent\"}\n"};
  const bool json = nlohmann::json::parse(health_, nullptr, false).is_object();
  return {true, json ? health_ : "{\"store\": \"ok\"}\n"};
}

}  // namespace cairn::apps
