#include "apps/lab/legacy/account.h"

#include "apps/lab/legacy/openssl.h"
#include "apps/lab/legacy/symmetric.h"
#include "core/base/encoding.h"

namespace cairn::lab::legacy {
namespace {

constexpr unsigned kRounds = 1000;

Bytes hash_of(const std::string& password, ByteView salt) { return pbkdf2(as_bytes(password), salt, kRounds); }

}  // namespace

void Accounts::set_password(Account& account, const std::string& password) {
  account.salt = random_bytes(16);
  account.password_hash = hash_of(password, account.salt);
}

void Accounts::open(const std::string& name, const std::string& password, const std::string& recovery_email,
                    std::map<std::string, std::string> security_questions) {
  Account account;
  set_password(account, password);
  account.recovery_email = recovery_email;
  account.security_questions = std::move(security_questions);
  accounts_[name] = std::move(account);
}

Result<BackupSet> Accounts::download(const std::string& name, const std::string& password) const {
  const auto found = accounts_.find(name);
  REQUIRE(found != accounts_.end() && hash_of(password, found->second.salt) == found->second.password_hash,
          ErrorCode::not_authorised, "password");
  REQUIRE(found->second.backup, ErrorCode::not_found, "backup");
  return *found->second.backup;
}

Status Accounts::reset_by_questions(const std::string& name, const std::map<std::string, std::string>& answers,
                                    const std::string& new_password) {
  const auto found = accounts_.find(name);
  REQUIRE(found != accounts_.end() && found->second.security_questions == answers, ErrorCode::not_authorised,
          "security questions");
  set_password(found->second, new_password);
  return ok();
}

Status Accounts::send_link(const std::string& name) {
  const auto found = accounts_.find(name);
  REQUIRE(found != accounts_.end(), ErrorCode::not_found, "account");
  const std::string link = to_hex(random_bytes(16));
  found->second.link = link;
  mail_[found->second.recovery_email].push_back(link);
  return ok();
}

std::vector<std::string> Accounts::mail_at(const std::string& address) const {
  const auto found = mail_.find(address);
  return found == mail_.end() ? std::vector<std::string>{} : found->second;
}

Status Accounts::reset_by_link(const std::string& name, const std::string& link, const std::string& new_password) {
  const auto found = accounts_.find(name);
  REQUIRE(found != accounts_.end() && found->second.link == link, ErrorCode::not_authorised, "link");
  found->second.link.reset();
  set_password(found->second, new_password);
  return ok();
}

void Accounts::reset_by_provider(const std::string& name, const std::string& new_password) {
  set_password(at(name), new_password);
}

}  // namespace cairn::lab::legacy
