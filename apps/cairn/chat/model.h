// The chat without a terminal: keys and frames of the RPC go in, requests and a screen come out.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cairn/bell.h"
#include "apps/cairn/chat/line_editor.h"
#include "apps/cairn/chat/screen.h"
#include "apps/cairn/chat/text.h"
#include "apps/cairn/chat/timeline.h"
#include "apps/cairn/whole_list.h"

namespace cairn::apps::chat {

struct Key {
  enum class Kind : unsigned char {
    text,     ///< typed
    paste,    ///< all of it at once
    enter,    ///< done
    newline,  ///< a further line
    escape,
    erase_before,
    erase_after,
    erase_word,
    erase_to_start,
    erase_to_end,
    put_back,
    left,
    right,
    word_left,
    word_right,
    home,
    end,
    up,
    down,
    page_up,
    page_down,
    complete,      ///< the name that is being written
    end_of_input,  ///< Ctrl-D
    interrupt      ///< Ctrl-C
  };
  Kind kind = Kind::text;
  std::string text;
};

struct ModelConfig {
  std::string to;            ///< as it was typed: a name, a title, or digits of an id
  std::string folder;        ///< that one is in: paths that are typed begin there
  std::string home;          ///< what ~ stands for; may be empty
  bool has_colours = false;  ///< 256 of them: pictures can be drawn
  Bell bell = Bell::rings;
};

/// To be asked of the client (docs/spec/client-rpc.md).
struct Request {
  std::uint64_t id = 0;
  std::string method;
  nlohmann::json params;
};

/// Not thread-safe; no clock of its own.
class Model {
 public:
  /// `now_ms` of the local clock, as tick() tells it on.
  Model(ModelConfig config, Size size, std::uint64_t now_ms);

  void key(const Key& key);
  /// A frame of the RPC: the answer to a request, or a notification.
  void heard(const nlohmann::json& frame);
  void resized(Size size);
  /// To be called at least once a second.
  void tick(std::uint64_t now_ms);

  /// What is to be asked now, in this order; each once.
  std::vector<Request> take_requests();
  Screen view() const;
  /// Whether something came since the last time that its owner is to hear.
  bool take_bell() { return std::exchange(rang_, false); }

  bool over() const { return over_; }
  /// Why it is over, if its owner did not want that: a sentence.
  const std::string& last_words() const { return last_words_; }

 private:
  struct Answer {
    bool good = false;
    nlohmann::json result;
    std::string sentence;
    std::string code;
    nlohmann::json data;
  };
  using OnAnswer = std::function<void(const Answer&)>;

  // ---- the conversation (model.cpp) ----

  void ask(const std::string& method, nlohmann::json params, OnAnswer on_answer);
  /// Page after page; the answer has them all.
  void ask_whole_list(const std::string& method, WholeList list, OnAnswer on_answer);
  void open();
  /// That of `conversations` which is meant, or nothing.
  const nlohmann::json* meant_of(const nlohmann::json& conversations) const;
  void take_settings(const nlohmann::json& settings);
  void opened(const nlohmann::json& settings);
  void follow_from(std::optional<std::uint64_t> cursor);
  /// Asks anew what is known of the conversation. While it is asked already, once more after that, whatever comes.
  void refresh();
  void take_conversations(const nlohmann::json& all);
  void take_message(const nlohmann::json& message);
  void take_transfer(const nlohmann::json& transfer);
  /// Something came in another conversation; how many are unread there is asked, and again now and then.
  void take_news(const std::string& conversation);
  void ask_news(const std::string& conversation);
  std::string news_line() const;
  void take_typing(const nlohmann::json& typing);
  /// That its owner writes, now and then.
  void tell_typing();
  std::string who_types() const;
  void load_older();
  /// Goes on with what did not fit into an answer; `before` is what did.
  void load_between(std::uint64_t next, std::uint64_t end, std::uint64_t first, nlohmann::json before);
  /// What is on the screen was read.
  void mark_read();
  void settle();
  void leave(const std::string& why);

  // ---- what its owner does (actions.cpp) ----

  bool edit_key(const Key& key);
  void enter();
  void escape();
  void complete();
  void say(const std::string& text);
  /// Asks, and shows what went wrong.
  void act(const std::string& method, nlohmann::json params, const std::string& when_done = {});
  void command(const std::string& line);
  void switch_pictures(const std::string& words);
  void switch_bell(const std::string& words);
  bool message_command(const std::string& verb, const std::string& rest);
  bool conversation_command(const std::string& verb, const std::string& rest);
  void begin_edit(const std::string& words);
  void react(const std::string& words, bool remove);
  void attach(const std::string& words);
  void save(const std::string& words);
  void search(const std::string& words);
  void choose_hit();
  void jump_to(std::uint64_t index);
  void show_members();
  void show_history(const std::string& words);
  /// The message that "12" or "#12" at the beginning of `words` means, which is taken off them; says why not.
  const nlohmann::json* meant_message(std::string& words);
  std::string path_of(const std::string& typed) const;
  bool is_open();

  // ---- how it looks (view.cpp) ----

  Size timeline_size() const;
  int most_editor_rows() const;
  std::vector<TextRow> editor_rows() const;
  std::vector<ScreenRow> notes() const;
  std::vector<ScreenRow> panel_rows(Size size) const;
  ScreenRow bar() const;

  struct Panel {
    std::string title;
    std::vector<std::string> lines;
    bool of_hits = false;  ///< `lines` are `hits`, of which one is chosen
    std::vector<std::uint64_t> hits;
    std::size_t chosen = 0;
  };

  ModelConfig config_;
  Size size_;
  std::uint64_t now_ms_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, OnAnswer> waiting_;
  std::vector<Request> requests_;
  bool over_ = false;
  std::string last_words_;

  std::string conversation_;  ///< its id; empty until it begins
  std::string title_;
  std::string kind_;
  std::vector<std::string> members_;
  Names names_;
  bool is_request_ = false;
  std::uint64_t life_s_ = 0;
  bool connected_ = true;
  bool following_ = false;
  bool loading_ = false;
  bool refreshing_ = false;
  bool refreshes_again_ = false;       ///< something came since it was asked
  std::optional<std::uint64_t> jump_;  ///< as soon as it is loaded
  std::uint64_t read_to_ = 0;
  std::uint64_t newest_ = 0;  ///< index after the newest message
  std::uint64_t next_status_ms_ = 0;
  Timeline timeline_;

  LineEditor editor_;
  std::optional<std::uint64_t> replies_to_;
  std::optional<std::uint64_t> edits_;
  Panel panel_;
  std::string said_;  ///< to its owner, in one line
  bool said_alarms_ = false;
  bool rang_ = false;
  bool opens_pictures_ = true;  ///< unless its owner said /pictures off; those that came in colours alone
  std::string transfer_;
  struct News {
    std::string conversation;  ///< its id
    std::string title;         ///< empty: it is not known yet
    std::uint64_t unread = 0;
  };
  std::vector<News> news_;                       ///< what came last, last
  std::map<std::string, std::uint64_t> typing_;  ///< who writes, until when if nothing more is heard
  std::uint64_t typing_said_ms_ = 0;
};

}  // namespace cairn::apps::chat
