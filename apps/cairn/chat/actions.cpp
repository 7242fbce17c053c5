// What its owner does: keys, lines, and commands that begin with a slash.
#include <charconv>

#include "apps/cairn/chat/emoji.h"
#include "apps/cairn/chat/model.h"
#include "apps/cairn/mentions.h"
#include "apps/cairn/talk.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostHits = 200;
constexpr int kKeptOfAPage = 2;

constexpr const char* kHelp[] = {
    "/reply N [text]      answer message #N",
    "/react N :name:      react to it: an emoji, or its name; /unreact takes it back",
    "/edit [N [text]]     say something else in its place; without a number your last one",
    "/unsend N            take it back, everywhere",
    "/history N           what it said before it was changed",
    "/attach FILE [text]  send a file",
    "/save N [FOLDER]     save the file of a message",
    "/search words        find what was said here, and files; Up, Down and Enter go to it",
    "/members             who is here",
    "/expire 1d           let what is said disappear some time after it is read; off keeps it",
    "/typing off          whether they see that you are writing",
    "/pictures off        whether small pictures are drawn here, and sent with files",
    "/bell off            whether this terminal makes a sound for what others say",
    "/accept /delete /block   what to do with somebody who writes for the first time",
    "/quit                or Ctrl-D; //text sends a text that begins with a slash",
    "",
    "@NAME mentions somebody who is here; the TAB key completes it.",
    "What is new in other conversations stands above what you write, until it is read or Esc puts it away.",
    "Page Up and Page Down scroll, Esc goes back to the newest. Up and Down bring lines of before.",
    "Alt-Enter or Ctrl-J begins a further line; what is pasted is one message, however many lines it has.",
    "Ctrl-Left and Ctrl-Right go by words, Ctrl-W, Ctrl-U and Ctrl-K erase, Ctrl-Y puts back."};

/// Takes the first word off `words`, and the blanks behind it.
std::string take_word(std::string& words) {
  const std::size_t end = std::min(words.find_first_of(" \n"), words.size());
  std::string out = words.substr(0, end);
  words.erase(0, std::min(words.find_first_not_of(" \n", end), words.size()));
  return out;
}

std::string text_at(const json& object, const char* key) { return object.value(key, std::string()); }

}  // namespace

void Model::key(const Key& key) {
  using Kind = Key::Kind;
  const int page = std::max(1, timeline_size().rows - kKeptOfAPage);
  if (key.kind == Kind::interrupt || (key.kind == Kind::end_of_input && editor_.text().empty())) {
    if (!conversation_.empty() && !editor_.text().empty())
      ask("conversation.set", {{"conversation", conversation_}, {"draft", editor_.text()}}, nullptr);
    over_ = true;
    return;
  }
  said_alarms_ = false;
  if (panel_.of_hits && (key.kind == Kind::up || key.kind == Kind::down)) {
    if (key.kind == Kind::up && panel_.chosen > 0) --panel_.chosen;
    if (key.kind == Kind::down && panel_.chosen + 1 < panel_.hits.size()) ++panel_.chosen;
    return;
  }
  switch (key.kind) {
    case Kind::enter: enter(); break;
    case Kind::escape: escape(); break;
    case Kind::complete: complete(); break;
    case Kind::page_up: timeline_.scroll(-page, timeline_size(), names_); break;
    case Kind::page_down: timeline_.scroll(page, timeline_size(), names_); break;
    default:
      if (!edit_key(key)) said_ = "A message has at most 16384 bytes; send a file instead: /attach FILE.";
      if (key.kind == Kind::text || key.kind == Kind::paste) tell_typing();
      break;
  }
  settle();
}

bool Model::edit_key(const Key& key) {
  using Kind = Key::Kind;
  switch (key.kind) {
    case Kind::text:
    case Kind::paste: return editor_.insert(key.text);
    case Kind::newline: return editor_.insert("\n");
    case Kind::erase_before: editor_.erase_before(); break;
    case Kind::end_of_input:
    case Kind::erase_after: editor_.erase_after(); break;
    case Kind::erase_word: editor_.erase_word(); break;
    case Kind::erase_to_start: editor_.erase_to_start(); break;
    case Kind::erase_to_end: editor_.erase_to_end(); break;
    case Kind::put_back: editor_.put_back(); break;
    case Kind::left: editor_.left(); break;
    case Kind::right: editor_.right(); break;
    case Kind::word_left: editor_.word_left(); break;
    case Kind::word_right: editor_.word_right(); break;
    case Kind::home: editor_.home(); break;
    case Kind::end: editor_.end(); break;
    case Kind::up: editor_.up(); break;
    case Kind::down: editor_.down(); break;
    default: break;
  }
  return true;
}

void Model::complete() {
  const auto found =
      complete_mention(std::string_view(editor_.text()).substr(0, editor_.cursor()), members_, names_.own);
  editor_.insert(found.rest);
  if (!found.rest.empty() || found.choices.empty()) return;
  said_.clear();
  for (const std::string& one : found.choices) said_ += (said_.empty() ? "@" : ", @") + one;
}

void Model::escape() {
  timeline_.unmark();
  if (!panel_.title.empty()) {
    panel_ = {};
  } else if (replies_to_ || edits_) {
    if (edits_) editor_.set("");
    replies_to_.reset();
    edits_.reset();
  } else {
    timeline_.to_newest();
    news_.clear();
  }
  said_.clear();
}

void Model::enter() {
  if (editor_.text().empty()) {
    if (panel_.of_hits) return choose_hit();
    panel_ = {};
    said_.clear();
    return;
  }
  if (editor_.text().starts_with("/") && !editor_.text().starts_with("//")) {
    std::string line = editor_.take();
    said_.clear();
    panel_ = {};
    return command(line);
  }
  if (is_request_) {
    said_ = "Say first whether they may write to you: /accept, /delete or /block.";
    return;
  }
  std::string text = editor_.take();
  if (text.starts_with("//")) text.erase(0, 1);
  panel_ = {};
  said_.clear();
  timeline_.unmark();
  timeline_.to_newest();
  say(text);
}

void Model::say(const std::string& text) {
  const auto edited = std::exchange(edits_, std::nullopt);
  const auto answered = std::exchange(replies_to_, std::nullopt);
  const json* changed = edited ? timeline_.find(*edited) : nullptr;
  if (edited && changed == nullptr) {
    said_ = "That message is not here any more.";
    return;
  }
  if (changed != nullptr) return act("message.edit", {{"message", text_at(*changed, "id")}, {"text", text}});
  json params = {{"to", conversation_.empty() ? config_.to : conversation_}, {"text", text}};
  if (const auto whom = mentions_in(text, members_, names_.own); !whom.empty()) params["mentions"] = whom;
  const json* meant = answered ? timeline_.find(*answered) : nullptr;
  if (meant != nullptr) params["reply"] = text_at(*meant, "id");
  ask("send", std::move(params), [this, text](const Answer& answer) {
    if (answer.good) {
      if (conversation_.empty()) return refresh();
      return take_message(answer.result);
    }
    said_ = answer.sentence;
    const bool is_kept = answer.data.value("queued", false) || answer.code == "not_authorised";
    if (conversation_.empty() && is_kept) refresh();
    if (!is_kept && editor_.text().empty()) editor_.set(text);
  });
}

void Model::act(const std::string& method, json params, const std::string& when_done) {
  ask(method, std::move(params), [this, when_done](const Answer& answer) {
    if (!answer.good) said_ = answer.sentence;
    if (answer.good && !when_done.empty()) said_ = when_done;
  });
}

bool Model::is_open() {
  if (conversation_.empty()) said_ = "There is no conversation yet; what you write begins one.";
  return !conversation_.empty();
}

void Model::command(const std::string& line) {
  std::string rest = line.substr(1);
  const std::string verb = take_word(rest);
  if (verb == "quit" || verb == "q" || verb == "exit") {
    over_ = true;
  } else if (verb == "help") {
    panel_ = {"Commands", {std::begin(kHelp), std::end(kHelp)}, false, {}, 0};
  } else if (verb == "attach") {
    attach(rest);
  } else if (verb == "pictures") {
    switch_pictures(rest);
  } else if (verb == "bell") {
    switch_bell(rest);
  } else if (is_open() && !message_command(verb, rest) && !conversation_command(verb, rest)) {
    said_ = "There is no command /" + verb + "; /help lists them. Two slashes send a text that begins with one.";
  }
}

void Model::switch_pictures(const std::string& words) {
  if (words != "on" && words != "off") {
    said_ = "Write /pictures on or /pictures off.";
    return;
  }
  opens_pictures_ = words == "on";
  if (opens_pictures_ && !config_.has_colours) {
    said_ = "This terminal has no 256 colours; set TERM, such as to xterm-256color, if it has.";
  } else {
    timeline_.show_pictures(opens_pictures_);
  }
}

void Model::switch_bell(const std::string& words) {
  if (words != "on" && words != "off") {
    said_ = "Write /bell on or /bell off.";
    return;
  }
  config_.bell = words == "on" ? Bell::rings : Bell::silent;
  said_ = words == "on" ? "It rings for what is said where nothing is muted." : "It does not ring.";
}

bool Model::message_command(const std::string& verb, const std::string& rest) {
  std::string words = rest;
  if (verb == "reply") {
    const json* meant = meant_message(words);
    if (meant == nullptr) return true;
    replies_to_ = meant->value("index", std::uint64_t{0});
    edits_.reset();
    if (is_request_) {
      said_ = "Say first whether they may write to you: /accept, /delete or /block.";
    } else if (!words.empty()) {
      timeline_.to_newest();
      say(words);
    }
  } else if (verb == "react" || verb == "unreact") {
    react(words, verb == "unreact");
  } else if (verb == "edit") {
    begin_edit(words);
  } else if (verb == "unsend") {
    const json* meant = meant_message(words);
    if (meant != nullptr) act("message.unsend", {{"message", text_at(*meant, "id")}});
  } else if (verb == "history") {
    show_history(words);
  } else if (verb == "save") {
    save(words);
  } else {
    return false;
  }
  return true;
}

bool Model::conversation_command(const std::string& verb, const std::string& rest) {
  if (verb == "search") {
    search(rest);
  } else if (verb == "members") {
    show_members();
  } else if (verb == "expire") {
    const auto seconds = parse_duration(rest);
    if (!seconds) {
      said_ = "Write a time like 30m, 12h, 1d or 2w, or off.";
    } else {
      act("conversation.expire", {{"conversation", conversation_}, {"seconds", *seconds}});
    }
  } else if (verb == "typing") {
    if (rest != "on" && rest != "off") {
      said_ = "Write /typing on or /typing off.";
    } else {
      act("typing.set", {{"conversation", conversation_}, {"on", rest == "on"}},
          rest == "on" ? "They see when you write." : "They do not see when you write.");
    }
  } else if (verb == "accept") {
    ask("request.accept", {{"conversation", conversation_}}, [this](const Answer& answer) {
      if (!answer.good) {
        said_ = answer.sentence;
        return;
      }
      // Links are shown from now on, so all is read anew.
      json settings = answer.result;
      settings["kind"] = kind_;
      opened(settings);
      said_ = "Accepted.";
    });
  } else if (verb == "delete") {
    ask("request.delete", {{"conversation", conversation_}}, [this](const Answer& answer) {
      if (answer.good) return leave("");
      said_ = answer.sentence;
    });
  } else if (verb == "block") {
    if (kind_ != "pair") {
      said_ = "In a group names are blocked one by one: cairn block NAME.";
      return true;
    }
    for (const std::string& name : members_) {
      if (name != names_.own) act("contact.block", {{"name", name}}, "Blocked; cairn unblock " + name + " undoes it.");
    }
  } else {
    return false;
  }
  return true;
}

const json* Model::meant_message(std::string& words) {
  const std::string word = take_word(words);
  const std::string digits = word.starts_with("#") ? word.substr(1) : word;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const bool is_number = !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  const json* found = is_number ? timeline_.find(index) : nullptr;
  if (found != nullptr && found->contains("id")) return found;
  said_ = is_number ? "There is no message #" + digits + " among those that were loaded; scroll to it first."
                    : "Which one? Each message has its number in front of its sender, as #12.";
  return nullptr;
}

void Model::begin_edit(const std::string& words) {
  std::string rest = words;
  const json* meant = nullptr;
  if (!rest.empty()) {
    meant = meant_message(rest);
    if (meant == nullptr) return;
  } else {
    for (const auto& [index, message] : timeline_.messages()) {
      const bool is_text = !message.value("unsent", false) && !message.contains("attachment") && message.contains("id");
      if (text_at(message, "sender") == names_.own && is_text) meant = &message;
    }
  }
  if (meant == nullptr) {
    said_ = "You have said nothing here that could be changed.";
    return;
  }
  edits_ = meant->value("index", std::uint64_t{0});
  replies_to_.reset();
  if (rest.empty()) return editor_.set(text_at(*meant, "text"));
  say(rest);
}

void Model::react(const std::string& words, bool remove) {
  std::string rest = words;
  const json* meant = meant_message(rest);
  if (meant == nullptr) return;
  const std::string typed = take_word(rest);
  const std::string text = emoji_of(typed);
  if (text.empty()) {
    said_ = typed.empty() ? "With what? An emoji, its name as :heart:, or a short word."
                          : "There is no emoji of that name; type it itself.";
    return;
  }
  json params = {{"message", text_at(*meant, "id")}, {"text", text}};
  if (remove) params["remove"] = true;
  act("message.react", std::move(params));
}

std::string Model::path_of(const std::string& typed) const {
  std::string path = typed;
  if (!config_.home.empty() && (path == "~" || path.starts_with("~/"))) path = config_.home + path.substr(1);
  if (!path.starts_with("/")) path = config_.folder + "/" + path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void Model::attach(const std::string& words) {
  std::string rest = words;
  std::string file;
  if (rest.starts_with("\"")) {  // a name with blanks
    const std::size_t end = rest.find('"', 1);
    file = rest.substr(1, end == std::string::npos ? end : end - 1);
    rest = end == std::string::npos ? "" : rest.substr(std::min(rest.find_first_not_of(' ', end + 1), rest.size()));
  } else {
    file = take_word(rest);
  }
  if (file.empty()) {
    said_ = "Which file? /attach FILE, or /attach \"A NAME WITH BLANKS\".";
    return;
  }
  if (is_request_) {
    said_ = "Say first whether they may write to you: /accept, /delete or /block.";
    return;
  }
  json params = {{"to", conversation_.empty() ? config_.to : conversation_}, {"file", path_of(file)}, {"wait_ms", 0}};
  if (!rest.empty()) params["text"] = rest;
  if (!opens_pictures_) params["preview"] = "";
  ask("attachment.send", std::move(params), [this](const Answer& answer) {
    if (!answer.good) said_ = answer.sentence;
    if (answer.good) take_transfer(answer.result);
    if (answer.good && conversation_.empty()) refresh();
  });
}

void Model::save(const std::string& words) {
  std::string rest = words;
  const json* meant = meant_message(rest);
  if (meant == nullptr) return;
  if (!meant->contains("attachment")) {
    said_ = "No file came with that message.";
    return;
  }
  const json params = {
      {"message", text_at(*meant, "id")}, {"folder", rest.empty() ? config_.folder : path_of(rest)}, {"wait_ms", 0}};
  ask("attachment.save", params, [this](const Answer& answer) {
    if (!answer.good) said_ = answer.sentence;
    if (answer.good) take_transfer(answer.result);
  });
}

void Model::search(const std::string& words) {
  if (words.empty()) {
    said_ = "For what? /search WORDS.";
    return;
  }
  const json params = {{"words", words}, {"limit", kMostHits}, {"conversation", conversation_}};
  ask("search", params, [this, words](const Answer& answer) {
    if (!answer.good) {
      said_ = answer.sentence;
      return;
    }
    panel_ = {};
    for (const json& one : answer.result.value("messages", json::array())) {
      const std::uint64_t index = one.value("index", std::uint64_t{0});
      panel_.hits.push_back(index);
      const std::string text = text_shown(one, names_);
      const std::string file = one.contains("attachment") ? text_at(one["attachment"], "name") : std::string();
      panel_.lines.push_back("#" + std::to_string(index) + " " + names_.shown(text_at(one, "sender")) + ": " + text +
                             (file.empty() ? "" : (text.empty() ? "[file: " : " [file: ") + file + "]"));
    }
    if (panel_.hits.empty()) {
      said_ = "Nothing here has these words.";
      return;
    }
    panel_.title = "Found: " + words + " (Enter goes to it, Esc leaves)";
    panel_.of_hits = true;
  });
}

void Model::choose_hit() {
  const std::uint64_t index = panel_.hits[panel_.chosen];
  panel_ = {};
  jump_to(index);
}

void Model::jump_to(std::uint64_t index) { jump_ = index; }

void Model::show_members() {
  panel_ = {"Members (Esc leaves)", {}, false, {}, 0};
  for (const std::string& name : members_) {
    const auto petname = names_.petnames.find(name);
    panel_.lines.push_back(name + (name == names_.own ? "  (you)" : "") +
                           (petname == names_.petnames.end() ? "" : "  (" + petname->second + ")"));
  }
  if (kind_ != "group") return;
  ask("group.show", {{"conversation", conversation_}}, [this](const Answer& answer) {
    if (!answer.good || panel_.title.empty() || panel_.of_hits) return;
    std::string admins;
    for (const json& one : answer.result.value("admins", json::array()))
      admins += (admins.empty() ? "" : ", ") + one.get<std::string>();
    panel_.lines.push_back("Admins: " + (admins.empty() ? "all" : admins));
  });
}

void Model::show_history(const std::string& words) {
  std::string rest = words;
  const json* meant = meant_message(rest);
  if (meant == nullptr) return;
  WholeList versions("message.history", {{"message", text_at(*meant, "id")}});
  ask_whole_list("message.history", std::move(versions), [this](const Answer& answer) {
    if (!answer.good) {
      said_ = answer.sentence;
      return;
    }
    panel_ = {"Versions, the oldest first (Esc leaves)", {}, false, {}, 0};
    for (const json& one : answer.result.value("versions", json::array()))
      panel_.lines.push_back(clock_of(one.value("time_ms", std::uint64_t{0})) + " " + text_at(one, "text"));
  });
}

}  // namespace cairn::apps::chat
