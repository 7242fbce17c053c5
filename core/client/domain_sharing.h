// What is said of other domains travels among the devices of one name (docs/spec/client.md s.17, docs/adr/0038).
//
// Another device's word fills what is unknown here, and no more: whatever counts here stays until its owner says
// otherwise on this device, or until the device it came from takes it back or is removed.
#pragma once

#include "core/client/domain_words.h"
#include "core/client/self_line.h"
#include "core/client/views.h"

namespace cairn::client {

class DomainSharing {
 public:
  DomainSharing(Views& views, Conversations& conversations, SelfLine& line)
      : views_(views), conversations_(conversations), line_(line) {}

  /// An own active device says a word of its own; one that gives this device the history says others' too.
  enum class Says : std::uint8_t { its_own, anybodys };
  void heard(Context& context, const Account& account, const DeviceId& by, Says says, const DomainWord& word);
  /// Another own device wants to hear everything.
  static void wanted(Context& context, const DeviceId& by);
  /// Words may be missing, or may not have arrived: all is asked, and told, once more.
  static void mail_is_missing(Context& context);
  /// The own chain may be another now: what came from devices that are gone counts no more.
  void devices_changed(Context& context, const Account& account, const directory::NameState& own_name);
  /// Tells the other devices, if there are any, what was said here.
  enum class Others : std::uint8_t { none, some };
  void step(Context& context, const Account& account, Others others);
  /// Grows when something may have come to be decided.
  std::uint64_t looks() const { return looks_; }
  Time next_deadline() const { return std::min(next_tell_, next_ask_); }
  void forget_all() {
    told_at_.reset();
    asked_at_.reset();
    next_tell_ = next_ask_ = Time::never();
  }

 private:
  /// What a word changes here, and what its owner is to decide.
  DomainQuestionKind judge(Context& context, const Account& account, const HeardDomain& heard);
  /// Why it does not count; nothing when it does.
  const char* why_not_believed(Context& context, const Account& account, const DeviceId& by, Says says,
                               const DomainWord& word) const;
  /// It counts, and who waits for it is looked up.
  bool pin_by_word(Context& context, const Account& account, const HeardDomain& heard);
  /// Another device that is active has said the same: it counts by that one's word.
  bool follow_another(Context& context, const Account& account, const DomainSource& source,
                      const directory::NameState& own_name);
  void switch_off(Context& context, const Account& account, DomainSource source);
  void look_up_who_waits(Context& context, const Account& account, std::string_view domain);
  /// Everything that its owner said here is to be told.
  static void mark_all(Context& context, const Account& account);
  /// Whether the link by which it was pinned led to the name that it is of: until then it may be put back.
  bool is_borne_out(const StoreView& store, const Account& account, std::string_view domain) const;
  /// Everything is asked for, where it has to be: once in six hours, whatever gaps the server's numbers have.
  void ask(Context& context, const Account& account);
  /// Whoever wants to hear everything, once in a minute for all.
  void tell_who_wants(Context& context, const Account& account);
  /// What others have said, to a device that this one let in: they may be off for long.
  void pass_on(Context& context, const Account& account);
  void tell(Context& context, const Account& account, const Bytes& key, std::uint8_t mark);

  Views& views_;
  Conversations& conversations_;
  SelfLine& line_;
  std::optional<Time> told_at_;  ///< when everything was last told, in this process
  Time next_tell_ = Time::never();
  std::optional<Time> asked_at_;  ///< when everything was last asked for, in this process
  Time next_ask_ = Time::never();
  std::uint64_t looks_ = 0;
};

}  // namespace cairn::client
