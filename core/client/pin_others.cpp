#include "core/client/pin_others.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxPinWords = 64;

}  // namespace

void PinToWatch::write(wire::Writer& w) const {
  w.raw(registration);
  w.optional(list);
  for (const Log& one : logs) {
    w.raw(one.version);
    w.raw(one.signature);
  }
}

Result<PinToWatch> PinToWatch::read(wire::Reader& r) {
  PinToWatch out;
  out.registration = TRY(r.fixed<RegistrationId>());
  out.list = TRY(r.optional<RealmList>());
  for (std::size_t i = 0; out.list && i < out.list->realms.size(); ++i) {
    Log one;
    one.version = TRY(r.fixed<PinVersion>());
    one.signature = TRY(r.fixed<Signature>());
    out.logs.push_back(one);
  }
  return out;
}

void OwnPinWord::write(wire::Writer& w) const {
  word.write(w);
  w.u8(is_new ? 1 : 0);
  w.raw(said);
}

Result<OwnPinWord> OwnPinWord::read(wire::Reader& r) {
  OwnPinWord out;
  out.word = TRY(PinToWatch::read(r));
  out.is_new = TRY(r.presence());
  out.said = TRY(r.fixed<Hash>());
  return out;
}

std::optional<OwnPinWord> load_own_pin_word(const StoreView& store) {
  const auto row = store.get(tables::kPinWords, {});
  if (!row) return std::nullopt;
  auto out = wire::decode<OwnPinWord>(*row);
  return out ? std::optional(std::move(*out)) : std::nullopt;
}

void save_own_pin_word(Context& context, const OwnPinWord& row) {
  context.store.put(tables::kPinWords, {}, wire::encode(row));
}

void note_pin_to_watch(Context& context, const RealmHouse& house, const PinAuths& auths,
                       const std::vector<OwnerReply>& replies) {
  const RegistrationId& registration = house.who.registration;
  OwnPinWord row = load_own_pin_word(context.store).value_or(OwnPinWord{});
  const bool is_same = row.word.registration == registration && row.word.list == house.list;
  PinToWatch word{registration, house.list, {}};
  if (is_same) word.logs = row.word.logs;
  word.logs.resize(house.list.realms.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const PinVersion& version = replies[i].version;
    const crypto::SigningKey* key = replies[i].state == vault::RealmFate::good ? auths.of(version) : nullptr;
    if (key == nullptr || word.logs[i].version == version) continue;
    word.logs[i] = {
        version, vault::sign_pin_owner(*key, house.list.realms[i].id(), registration, version, PinOwnerAction::log, 0)};
  }
  if (is_same && word == row.word) return;
  row.word = std::move(word);
  row.is_new = true;
  save_own_pin_word(context, row);
}

void note_no_pin(Context& context) {
  auto row = load_own_pin_word(context.store);
  if (!row || !row->word.list) return;
  row->word = {row->word.registration, std::nullopt, {}};
  row->is_new = true;
  save_own_pin_word(context, *row);
}

std::vector<OtherPin> other_pins(const StoreView& store) {
  std::vector<OtherPin> out;
  for (const Row& row : store.scan(tables::kPinWords, {}, {}, kMaxPinWords)) {
    const auto by = DeviceId::from(row.key);
    auto word = by ? wire::decode<PinToWatch>(row.value) : Result<PinToWatch>(tl::unexpected<Error>(by.error()));
    if (word && word->list) out.push_back({*by, std::move(*word)});
  }
  return out;
}

void keep_other_pin(Context& context, const DeviceId& by, const PinToWatch& word) {
  if (!word.list) return forget_other_pin(context, by);
  context.store.put(tables::kPinWords, to_bytes(by), wire::encode(word));
}

void forget_other_pin(Context& context, const DeviceId& by) { context.store.erase(tables::kPinWords, to_bytes(by)); }

void ask_by_word(Context& context, Calls& calls, const std::string& domain, const OtherPin& pin,
                 std::function<void()> then) {
  const auto house =
      std::make_shared<const RealmHouse>(RealmHouse{*pin.word.list, {domain, pin.word.registration}, {}});
  std::vector<std::optional<proto::Call>> asked;
  for (std::size_t i = 0; i < house->list.realms.size(); ++i) {
    const PinToWatch::Log& log = pin.word.logs[i];
    asked.emplace_back();
    if (log.version.is_zero()) continue;
    asked.back() =
        pin_owner_call(house->list.realms[i].url, {house->who, log.version, PinOwnerAction::log, 0, log.signature});
  }
  ask_all(context, calls, std::move(asked),
          [house, by = pin.by, then = std::move(then)](Context& later, const RealmReplies& answers) {
            std::vector<OwnerReply> replies;
            for (const auto& one : answers) {
              OwnerReply reply;
              auto answer = pin_owner_reply(one);
              reply.state = answer ? vault::RealmFate::good : vault::fate_of(answer.error().code);
              if (answer) reply.answer = std::move(*answer);
              replies.push_back(std::move(reply));
            }
            take_logs(later, *house, replies, 0, by);
            then();
          });
}

}  // namespace cairn::client
