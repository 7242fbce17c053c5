#include "core/client/own_devices.h"

#include <algorithm>
#include <utility>

#include "core/client/pin_others.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

/// Who has come into the conversation since hears of PIN and snapshots then.
constexpr std::uint64_t kTellEveryMs = 30 * kMinuteMs;

}  // namespace

OwnDevices::OwnDevices(OwnRooms rooms)
    : rooms_(rooms),
      line_(rooms.conversations),
      sharing_(rooms.conversations, rooms.receipts, line_),
      domains_(rooms.views, rooms.conversations, line_),
      giver_({rooms.calls, rooms.views, rooms.session, rooms.conversations, sharing_, line_}),
      taker_({rooms.calls, rooms.views, rooms.session, rooms.conversations, sharing_, line_}, rooms.search) {}

void OwnDevices::heard(Context& context, const Account& account, const Heard& heard) {
  const SelfWord* word = heard.control ? std::get_if<SelfWord>(&*heard.control) : nullptr;
  if (word == nullptr) return;
  const auto where = rooms_.conversations.find(context.store, heard.home);
  const bool is_own = heard.name == account.name && where && where->kind == ConversationKind::self;
  if (!is_own) {
    return context.note(proto::Event::Level::warning, "a word for own devices, said elsewhere, was ignored");
  }
  // Its leaf stands until somebody has removed it; what counts is the chain.
  const auto view = rooms_.views.view(context.store, account, account.name);
  if (!view || !view->state().is_active(heard.device)) {
    return context.note(proto::Event::Level::warning, "a word of what is no own device, or none any more, was ignored");
  }
  const auto words = decode_self_words(*word);
  if (!words) return context.note(proto::Event::Level::warning, words.error().where);
  if (const auto* one = std::get_if<SharedRecords>(&*words)) {
    const bool gives = HistoryTaker::is_given_by(context.store, heard.device);
    sharing_.heard(context, account, heard.device, gives ? Sharing::Says::anybodys : Sharing::Says::its_own, *one);
  }
  if (const auto* one = std::get_if<HistoryWanted>(&*words)) giver_.wanted(context, account, heard.device, *one);
  if (const auto* one = std::get_if<HistoryTold>(&*words)) giver_.told(context, account, heard.device, *one);
  if (const auto* one = std::get_if<HistoryOffer>(&*words)) taker_.offered(context, account, heard.device, *one);
  if (const auto* one = std::get_if<HistoryEnd>(&*words)) taker_.ended(context, account, heard.device, *one);
  if (heard.device != account.device_id()) heard_of_domains(context, account, heard.device, *words);
  if (const auto* one = std::get_if<PinToWatch>(&*words); one != nullptr && heard.device != account.device_id()) {
    keep_other_pin(context, heard.device, *one);
    heard_of_pin_ = true;
  }
  if (const auto* one = std::get_if<SnapshotsTold>(&*words); one != nullptr && heard.device != account.device_id()) {
    keep_snapshots_told(context, heard.device, *one);
  }
}

void OwnDevices::heard_of_domains(Context& context, const Account& account, const DeviceId& by,
                                  const SelfWords& words) {
  using Says = DomainSharing::Says;
  if (const auto* one = std::get_if<DomainWord>(&words)) {
    const bool gives = HistoryTaker::is_given_by(context.store, by);
    domains_.heard(context, account, by, gives ? Says::anybodys : Says::its_own, *one);
  }
  if (std::holds_alternative<DomainsWanted>(words)) DomainSharing::wanted(context, by);
}

void OwnDevices::own_name_changed(Context& context, const Account& account) {
  const auto view = rooms_.views.view(context.store, account, account.name);
  if (view && view->state().is_active(account.device_id())) domains_.devices_changed(context, account, view->state());
  look_ = true;
  giver_.look_again();
}

void OwnDevices::look(Context& context, const Account& account) {
  if (!std::exchange(look_, false) && next_ > context.now) return;
  next_ = Time::never();
  const auto view = rooms_.views.view(context.store, account, account.name);
  const bool has_others = view && view->state().active_count() > 1 && view->state().is_active(account.device_id());
  others_ = has_others ? Sharing::Others::some : Sharing::Others::none;
  if (view && view->state().is_active(account.device_id())) domains_.devices_changed(context, account, view->state());
  const std::size_t removed = view ? view->state().devices().size() - view->state().active_count() : 0;
  if (has_others && std::exchange(removed_, removed) != removed) {
    Sharing::take_over(context, account, view->state());
  }
  if (!has_others || line_.home(context.store, account)) {
    missed_.reset();
    lost_at_.reset();
    return;
  }
  if (!missed_) missed_ = context.now;
  if (line_.exists(context.store, account)) {
    // It can only be read: this device may have been removed, and not know it. Only a newer view begins another one.
    if (!lost_at_) lost_at_ = rooms_.views.accepted(account.name);
    if (rooms_.views.accepted(account.name) <= *lost_at_) {
      rooms_.views.want_newer(context, account, account.name, *lost_at_);
      next_ = after(context.now, kBeginPauseMs);
      return;
    }
  } else if (load_gives(context.store).empty() && elapsed_ms(context.now, *missed_) < kBeginPauseMs) {
    next_ = after(*missed_, kBeginPauseMs);  // who let another one in has something to say to it, and begins
    return;
  }
  static_cast<void>(rooms_.conversations.own_conversation(context, account));
}

void OwnDevices::tell_of_pin(Context& context, const Account& account) {
  auto row = others_ == Sharing::Others::some ? load_own_pin_word(context.store) : std::nullopt;
  if (!row) {
    tell_pin_ = Time::never();
    return;
  }
  if (!row->is_new && tell_pin_ != Time::never() && context.now < tell_pin_) return;
  tell_pin_ = after(context.now, kTellEveryMs);
  const auto said = heard_by(context, account, row->word);
  if (!said) return;
  const bool is_again = row->said == *said;
  if (!is_again) line_.say(context, account, row->word);
  if (is_again && !row->is_new) return;
  row->said = *said;
  row->is_new = false;
  save_own_pin_word(context, *row);
}

std::optional<Hash> OwnDevices::heard_by(Context& context, const Account& account, const SelfWords& word) {
  const auto view = rooms_.views.view(context.store, account, account.name);
  if (!view || !line_.home(context.store, account)) return std::nullopt;
  wire::Writer w;
  std::visit([&w](const auto& one) { one.write(w); }, word);
  for (const directory::AuthorisedDevice& one : view->state().devices()) {
    const DeviceId id = one.device.id();
    if (one.active() && line_.reaches(context.store, account, id)) w.raw(id);
  }
  return crypto::sha256(w.view());
}

void OwnDevices::tell_of_snapshots(Context& context, const Account& account) {
  if (others_ != Sharing::Others::some) {
    tell_snapshots_ = Time::never();
    return;
  }
  if (tell_snapshots_ != Time::never() && context.now < tell_snapshots_) return;
  const SnapshotsTold word = own_snapshots(context.store);
  const auto before = said_of_snapshots(context.store);
  tell_snapshots_ = Time::never();
  if (word.all.empty() && !before) return;
  tell_snapshots_ = after(context.now, kTellEveryMs);
  const auto said = heard_by(context, account, word);
  if (!said || said == before) return;
  line_.say(context, account, word);
  note_said_of_snapshots(context, *said);
}

void OwnDevices::step(Context& context, const Account& account) {
  active_ = account.state == AccountState::active;
  const std::uint64_t gaps = rooms_.conversations.gaps_seen();
  if (std::exchange(gaps_, gaps) != gaps) {
    taker_.mail_is_missing(context);
    DomainSharing::mail_is_missing(context);
  }
  if (active_) {
    look(context, account);
    sharing_.step(context, account, others_);
    const bool has_others = others_ == Sharing::Others::some;
    domains_.step(context, account, has_others ? DomainSharing::Others::some : DomainSharing::Others::none);
    tell_of_pin(context, account);
    tell_of_snapshots(context, account);
    giver_.step(context, account);
  }
  taker_.step(context, account);
}

Time OwnDevices::next_deadline() const {
  if (!active_) return Time::never();
  return std::min(
      {next_, giver_.next_deadline(), taker_.next_deadline(), tell_pin_, tell_snapshots_, domains_.next_deadline()});
}

void OwnDevices::forget_all() {
  line_.forget_all();
  sharing_.forget_all();
  domains_.forget_all();
  giver_.forget_all();
  taker_.forget_all();
  others_ = Sharing::Others::none;
  active_ = false;
  look_ = true;
  removed_ = 0;
  missed_.reset();
  lost_at_.reset();
  next_ = Time::never();
  tell_pin_ = Time::never();
  tell_snapshots_ = Time::never();
}

}  // namespace cairn::client
