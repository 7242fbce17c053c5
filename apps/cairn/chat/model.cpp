#include "apps/cairn/chat/model.h"

#include <algorithm>
#include <utility>

#include "apps/cairn/attachment.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;

constexpr std::uint64_t kFirstMessages = 200;
constexpr std::uint64_t kOlderMessages = 100;
/// When one looks for a message far back.
constexpr std::uint64_t kOlderAtOnce = 1000;
constexpr std::uint64_t kStatusMs = 5'000;
constexpr std::size_t kLeastIdDigits = 8;
/// How long somebody is shown to write who is not heard again, and how often one says so oneself.
constexpr std::uint64_t kTypingMs = 6'000;
constexpr std::uint64_t kTypingAgainMs = 4'500;
constexpr std::uint64_t kTypingSoonMs = 1'000;
constexpr std::size_t kMostTyping = 32;
/// Conversations that are said to have news.
constexpr std::size_t kMostNews = 8;

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// What a conversation is called: its title, or who else is in it.
std::string title_of(const json& settings, const Names& names) {
  std::string out = text_in(settings, "title");
  if (!out.empty()) return out;
  for (const json& name : settings.value("names", json::array())) {
    if (name.is_string() && name != names.own) out += (out.empty() ? "" : ", ") + names.shown(name.get<std::string>());
  }
  return out;
}

std::map<std::string, std::string> petnames_of(const json& settings) {
  std::map<std::string, std::string> out;
  const json petnames = settings.value("petnames", json::object());
  for (const auto& [name, petname] : petnames.items()) {
    if (petname.is_string()) out[name] = petname.get<std::string>();
  }
  return out;
}

WholeList all_conversations() { return {"conversations", {{"archived", true}}}; }

bool has(const json& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(), [&](const json& one) { return one.is_string() && one == text; });
}

}  // namespace

Model::Model(ModelConfig config, Size size, std::uint64_t now_ms)
    : config_(std::move(config)), size_(size), now_ms_(now_ms), next_status_ms_(now_ms + kStatusMs) {
  timeline_.show_pictures(config_.has_colours);
  ask("status", json::object(), [this](const Answer& answer) {
    names_.own = text_in(answer.result, "name");
    connected_ = answer.result.value("connected", false);
    if (!answer.good || names_.own.empty())
      return leave(answer.good ? "This device has no name yet: register one, or link this device to one."
                               : answer.sentence);
    open();
  });
}

void Model::ask(const std::string& method, json params, OnAnswer on_answer) {
  const std::uint64_t id = next_id_++;
  waiting_[id] = std::move(on_answer);
  requests_.push_back({id, method, std::move(params)});
}

std::vector<Request> Model::take_requests() { return std::exchange(requests_, {}); }

void Model::leave(const std::string& why) {
  over_ = true;
  last_words_ = why;
}

void Model::ask_whole_list(const std::string& method, WholeList list, OnAnswer on_answer) {
  json params = list.params();
  ask(method, std::move(params), [this, method, list, on_answer](const Answer& answer) {
    if (!answer.good) return on_answer(answer);
    WholeList so_far = list;
    if (!so_far.take(answer.result)) return ask_whole_list(method, std::move(so_far), on_answer);
    Answer whole = answer;
    whole.result = so_far.result();
    on_answer(whole);
  });
}

void Model::open() {
  ask_whole_list("conversations", all_conversations(), [this](const Answer& answer) {
    const json all = answer.result.value("conversations", json::array());
    const json* found = answer.good ? meant_of(all) : nullptr;
    if (found != nullptr) return opened(*found);
    // Whether there is none, or more than one is meant, the client says best.
    ask("conversation.set", {{"conversation", config_.to}}, [this](const Answer& asked) {
      if (asked.good) return opened(asked.result);
      if (asked.code != "not_found" && asked.code != "unsupported") return leave(asked.sentence);
      title_ = config_.to;
      said_ = "There is no conversation with " + config_.to + " yet; what you write begins one.";
      if (!following_) follow_from(std::nullopt);
    });
  });
}

const json* Model::meant_of(const json& conversations) const {
  const std::string domain = names_.own.substr(std::min(names_.own.find('@'), names_.own.size()));
  const std::string name = config_.to.find('@') == std::string::npos ? config_.to + domain : config_.to;
  const json* found = nullptr;
  for (const json& one : conversations) {
    const std::string id = text_in(one, "id");
    const bool by_id = config_.to.size() >= kLeastIdDigits && id.starts_with(config_.to);
    const bool by_title = text_in(one, "kind") == "group" && text_in(one, "title") == config_.to;
    const bool by_name = text_in(one, "kind") == "pair" && name != names_.own && has(one["names"], name);
    if (!by_id && !by_title && !by_name) continue;
    if (found != nullptr) return nullptr;
    found = &one;
  }
  return found;
}

void Model::take_settings(const json& settings) {
  conversation_ = text_in(settings, "id");
  kind_ = text_in(settings, "kind");
  names_.petnames = petnames_of(settings);
  title_ = title_of(settings, names_);
  members_.clear();
  for (const json& name : settings.value("names", json::array())) members_.push_back(name.get<std::string>());
  std::erase_if(news_, [&](const News& one) { return one.conversation == conversation_; });
  is_request_ = settings.value("request", false);
  life_s_ = settings.value("disappears_after_s", std::uint64_t{0});
}

void Model::opened(const json& settings) {
  take_settings(settings);
  said_.clear();
  if (editor_.text().empty()) editor_.set(text_in(settings, "draft"));
  if (kind_.empty()) refresh();
  loading_ = true;
  ask("read", {{"conversation", conversation_}, {"limit", kFirstMessages}}, [this](const Answer& answer) {
    loading_ = false;
    if (!answer.good) return leave(answer.sentence);
    json messages = answer.result.value("messages", json::array());
    // Those before the first one may be forgotten, or not have fitted into the answer.
    const std::uint64_t first = messages.empty() ? 0 : messages.front().value("index", std::uint64_t{0});
    if (!messages.empty()) newest_ = messages.back().value("index", std::uint64_t{0}) + 1;
    timeline_.clear();  // only now: what is on the screen stays there until then
    timeline_.load(first, std::move(messages));
    if (!following_) follow_from(answer.result.value("cursor", std::uint64_t{0}));
  });
}

void Model::follow_from(std::optional<std::uint64_t> cursor) {
  following_ = true;
  json params = json::object();
  if (cursor) params["since"] = *cursor;
  ask("follow", std::move(params), [this](const Answer& answer) {
    if (!answer.good) leave(answer.sentence);
  });
}

void Model::refresh() {
  if (refreshing_) {
    refreshes_again_ = true;
    return;
  }
  refreshing_ = true;
  ask_whole_list("conversations", all_conversations(), [this](const Answer& answer) {
    refreshing_ = false;
    if (std::exchange(refreshes_again_, false)) refresh();
    if (answer.good) take_conversations(answer.result.value("conversations", json::array()));
  });
}

void Model::take_conversations(const json& all) {
  if (conversation_.empty()) {
    const json* found = meant_of(all);
    if (found != nullptr) opened(*found);
    return;
  }
  for (const json& one : all) {
    if (text_in(one, "id") == conversation_) take_settings(one);
  }
}

void Model::heard(const json& frame) {
  if (!frame.is_object()) return;
  if (!frame.contains("id")) {
    const std::string method = text_in(frame, "method");
    const json params = frame.value("params", json::object());
    if (method == "message") take_message(params);
    if (method == "attachment") take_transfer(params);
    if (method == "typing") take_typing(params);
    if (method == "alarm") {
      said_ = "ALARM: " + text_in(params, "sentence");
      said_alarms_ = true;
    }
    return settle();
  }
  if (!frame["id"].is_number_unsigned()) return;
  auto waiting = waiting_.extract(frame["id"].get<std::uint64_t>());
  if (waiting.empty()) return;
  Answer answer;
  answer.good = frame.contains("result");
  if (answer.good) answer.result = frame["result"];
  if (!answer.result.is_object()) answer.result = json::object();
  if (!answer.good) {
    const json error = frame.value("error", json::object());
    answer.sentence = error.value("message", "It failed.");
    answer.data = error.value("data", json::object());
    answer.code = text_in(answer.data, "code");
  }
  if (waiting.mapped()) waiting.mapped()(answer);
  settle();
}

void Model::take_message(const json& message) {
  const std::string id = text_in(message, "conversation");
  if (!bell_behind(config_.bell, message).empty()) rang_ = true;
  if (id != conversation_ && message.value("rings", false)) take_news(id);
  if (conversation_.empty()) return refresh();
  if (id != conversation_) return;
  const std::uint64_t index = message.value("index", std::uint64_t{0});
  newest_ = std::max(newest_, index + 1);
  typing_.erase(text_in(message, "sender"));
  timeline_.put(message);
  // Who is in it, and how long what is said lives, is told by notices alone.
  if (text_in(message, "delivery") == "notice") refresh();
}

void Model::take_news(const std::string& conversation) {
  News latest{conversation, {}, 0};
  const auto known =
      std::find_if(news_.begin(), news_.end(), [&](const News& one) { return one.conversation == conversation; });
  if (known != news_.end()) {
    latest = std::move(*known);
    news_.erase(known);
  }
  if (news_.size() >= kMostNews) news_.erase(news_.begin());
  news_.push_back(std::move(latest));
  ask_news(conversation);
}

void Model::ask_news(const std::string& conversation) {
  ask("conversation.set", {{"conversation", conversation}}, [this, conversation](const Answer& answer) {
    const auto at =
        std::find_if(news_.begin(), news_.end(), [&](const News& one) { return one.conversation == conversation; });
    if (at == news_.end()) return;
    at->unread = answer.result.value("unread", std::uint64_t{0});
    if (!answer.good || at->unread == 0) {
      news_.erase(at);
      return;
    }
    const Names names{names_.own, petnames_of(answer.result)};
    at->title = title_of(answer.result, names);
  });
}

std::string Model::news_line() const {
  std::string out;
  for (auto one = news_.rbegin(); one != news_.rend(); ++one) {
    if (one->title.empty()) continue;
    out += (out.empty() ? "New elsewhere: " : ", ") + one->title + " (" + std::to_string(one->unread) + ")";
  }
  return out;
}

void Model::take_typing(const json& typing) {
  if (text_in(typing, "conversation") != conversation_) return;
  if (typing_.size() >= kMostTyping) typing_.clear();
  typing_[text_in(typing, "typing")] = now_ms_ + kTypingMs;
}

void Model::tell_typing() {
  const std::string& text = editor_.text();
  if (conversation_.empty() || is_request_ || text.empty() || (text.starts_with("/") && !text.starts_with("//")))
    return;
  if (typing_said_ms_ != 0 && now_ms_ - typing_said_ms_ < kTypingAgainMs) return;
  typing_said_ms_ = now_ms_;
  ask("typing", {{"conversation", conversation_}}, [this](const Answer& answer) {
    // Something else was to be sent first: soon again.
    if (!answer.good || !answer.result.value("told", true))
      typing_said_ms_ -= std::min(typing_said_ms_, kTypingAgainMs - kTypingSoonMs);
  });
}

std::string Model::who_types() const {
  std::string names;
  for (const auto& [name, until_ms] : typing_) {
    if (until_ms > now_ms_) names += (names.empty() ? "" : ", ") + names_.shown(name);
  }
  return names.empty() ? "" : names + (names.find(", ") == std::string::npos ? " is writing..." : " are writing...");
}

void Model::take_transfer(const json& transfer) {
  if (text_in(transfer, "conversation") != conversation_) return;
  const std::string state = text_in(transfer, "state");
  if (state == "running") {
    transfer_ = transfer_line(transfer);
    return;
  }
  transfer_.clear();
  if (state == "failed") {
    said_ = text_in(transfer, "sentence");
  } else if (state == "done" && text_in(transfer, "kind") == "save") {
    said_ = "Saved: " + text_in(transfer, "path");
  }
}

void Model::load_older() {
  if (loading_ || timeline_.loaded_from() == 0 || conversation_.empty()) return;
  loading_ = true;
  const std::uint64_t end = timeline_.loaded_from();
  const std::uint64_t count = jump_ ? kOlderAtOnce : kOlderMessages;
  const std::uint64_t first = end > count ? end - count : 0;
  const json params = {{"conversation", conversation_}, {"first", first}, {"limit", end - first}};
  ask("read", params, [this, first, end](const Answer& answer) {
    loading_ = false;
    if (!answer.good) {
      jump_.reset();
      said_ = answer.sentence;
      return;
    }
    json messages = answer.result.value("messages", json::array());
    const std::uint64_t next = answer.result.value("next", end);
    if (next >= end) return timeline_.load(first, std::move(messages));
    // Long messages: fewer than were asked for came, and those next to what is here are still missing.
    load_between(next, end, first, std::move(messages));
  });
}

void Model::load_between(std::uint64_t next, std::uint64_t end, std::uint64_t first, json before) {
  loading_ = true;
  const json params = {{"conversation", conversation_}, {"first", next}, {"limit", end - next}};
  ask("read", params, [this, end, first, before = std::move(before)](const Answer& answer) {
    loading_ = false;
    if (!answer.good) return;
    json messages = before;
    for (const json& one : answer.result.value("messages", json::array())) messages.push_back(one);
    const std::uint64_t following = answer.result.value("next", end);
    if (following < end) return load_between(following, end, first, std::move(messages));
    timeline_.load(first, std::move(messages));
  });
}

void Model::mark_read() {
  if (conversation_.empty() || is_request_ || !timeline_.at_newest() || newest_ <= read_to_) return;
  read_to_ = newest_;
  const json params = {{"conversation", conversation_}, {"first", newest_ - 1}, {"limit", 1}, {"mark", true}};
  ask("read", params, nullptr);
}

void Model::settle() {
  if (over_) return;
  mark_read();
  if (jump_) {
    if (timeline_.find(*jump_) != nullptr) {
      timeline_.show(*std::exchange(jump_, std::nullopt));
    } else if (timeline_.loaded_from() <= *jump_) {
      jump_.reset();
      said_ = "That message is not here any more.";
    } else {
      load_older();
    }
  } else if (timeline_.wants_older(timeline_size(), names_)) {
    load_older();
  }
}

void Model::resized(Size size) {
  size_ = size;
  settle();
}

void Model::tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  timeline_.forget_expired(now_ms);
  if (now_ms < next_status_ms_) return;
  next_status_ms_ = now_ms + kStatusMs;
  ask("status", json::object(), [this](const Answer& answer) {
    if (answer.good) connected_ = answer.result.value("connected", false);
  });
  for (const News& one : news_) ask_news(one.conversation);
}

}  // namespace cairn::apps::chat
