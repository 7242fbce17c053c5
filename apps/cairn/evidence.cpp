#include "apps/cairn/evidence.h"

#include "core/base/encoding.h"
#include "core/directory/evidence.h"
#include "shell/os/file.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

Reply unreadable(const std::string& file) { return {Exit::usage, {}, file + " cannot be read; check that it exists."}; }

Reply no_evidence(const std::string& file, const Error& error) {
  return {Exit::refused, {}, file + " proves nothing (" + error.where + ")."};
}

json history_json(const directory::SignedHistory& history) {
  json keys = json::array();
  for (const tlog::VerifierKey& key : history.keys) keys.push_back(key.to_text());
  return {{"size", history.tree.size},
          {"root", to_base64(history.tree.root)},
          {"cosigners", history.cosigners},
          {"cosigner_keys", std::move(keys)},
          {"quorum", history.quorum}};
}

}  // namespace

Reply verify_evidence(const EvidenceQuestion& question) {
  const auto bytes = os::read_file(question.file, directory::kMaxEvidenceBytes);
  if (!bytes && bytes.error().code != ErrorCode::over_limit) return unreadable(question.file);
  const auto evidence =
      bytes ? directory::Evidence::decode(*bytes) : Result<directory::Evidence>(tl::unexpected<Error>(bytes.error()));
  if (!evidence) return no_evidence(question.file, evidence.error());

  std::optional<tlog::ClientPolicy> policy;
  if (!question.policy_file.empty()) {
    const auto text = os::read_file(question.policy_file, tlog::kMaxPolicyBytes);
    if (!text) return unreadable(question.policy_file);
    auto parsed = tlog::ClientPolicy::parse(as_text(*text));
    if (!parsed) return {Exit::usage, {}, question.policy_file + " is no policy of a client; check its lines."};
    policy.emplace(std::move(*parsed));
  }
  std::optional<PublicKey> key;
  std::string origin;
  if (!question.log_key.empty()) {
    const auto parsed = tlog::VerifierKey::parse(question.log_key);
    if (!parsed || parsed->type() != tlog::SignatureType::ed25519) {
      return {Exit::usage, {}, "That is no key of a log; copy the vkey whole, NAME+HASH+KEY."};
    }
    key = parsed->key();
    origin = parsed->name().text();
  }
  if (!key && !evidence->log_key) {
    return {Exit::usage, {}, "What a witness answers does not say the log's key; give it with --key."};
  }
  const auto finding = directory::verify_evidence(*evidence, key, policy ? &*policy : nullptr);
  if (!finding) return no_evidence(question.file, finding.error());
  if (key && finding->log_key.name().text() != origin) {
    return {Exit::refused, {}, question.file + " proves nothing of " + origin + ": it is of another log."};
  }
  json result = {{"origin", finding->log_key.name().text()},
                 {"log_key", finding->log_key.to_text()},
                 {"first", history_json(finding->first)},
                 {"second", history_json(finding->second)},
                 {"first_in_second", to_base64(finding->first_in_second)},
                 {"names_by", finding->by_own_policy ? "evidence" : "policy"},
                 {"sentence", directory::evidence_sentence(*finding)}};
  return {Exit::done, std::move(result), {}};
}

Reply save_evidence(json exported, const std::string& file) {
  const auto bytes = from_base64(exported.value("evidence", ""));
  if (!bytes) return {Exit::refused, {}, "The daemon's answer is no evidence; is it of another version?"};
  if (!os::write_file(file, *bytes)) {
    return {Exit::refused, {}, file + " could not be written; see that the folder exists and has room."};
  }
  exported.erase("evidence");
  exported["file"] = file;
  return {Exit::done, std::move(exported), {}};
}

void add_evidence_commands(CLI::App& app, Question question, EvidenceQuestion& asked, std::string& export_file) {
  CLI::App* evidence = app.add_subcommand("evidence", "proofs that a log has signed two histories");
  evidence->require_subcommand(1);
  CLI::App* verify = evidence->add_subcommand("verify", "say what a file proves; needs no network and no name");
  verify->add_option("file", asked.file, "as evidence export wrote it, or as a witness answers")->required();
  verify->add_option("--policy", asked.policy_file, "whose cosignatures to look for; by default as it says");
  verify->add_option("--key", asked.log_key, "vkey that the log is known by");
  verify->callback([question] { question.method = "evidence.verify"; });
  CLI::App* save = evidence->add_subcommand("export", "write the proof that this device holds into a file");
  save->add_option("file", export_file, "is made or replaced")->required();
  text(save, question, "--domain", "domain", "whose log, where there is more than one proof");
  save->callback([question] { question.method = "evidence.export"; });

  CLI::App* gossip = app.add_subcommand("gossip", "what others verified of a log")->require_subcommand(1);
  gossip->add_subcommand("list", "what does not go with what this device verified, and what is being proved")
      ->callback([question] { question.method = "gossip.list"; });
  CLI::App* dismiss = gossip->add_subcommand("dismiss", "you do not believe what somebody's devices said of a log");
  text(dismiss, question, "name", "name", "name@domain")->required();
  dismiss->callback([question] { question.method = "gossip.dismiss"; });
}

}  // namespace cairn::apps
