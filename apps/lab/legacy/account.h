// The account that backups hang on: a password, and ways around it that its provider offers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/lab/legacy/backup.h"

namespace cairn::lab::legacy {

class Accounts {
 public:
  struct Account {
    Bytes password_hash;  ///< PBKDF2
    Bytes salt;
    std::string recovery_email;
    std::map<std::string, std::string> security_questions;  ///< with their answers
    std::optional<std::string> link;                        ///< sent to the recovery address; good once
    std::optional<BackupSet> backup;
  };

  void open(const std::string& name, const std::string& password, const std::string& recovery_email,
            std::map<std::string, std::string> security_questions);
  void store_backup(const std::string& name, BackupSet set) { at(name).backup = std::move(set); }
  void delete_backup(const std::string& name) { at(name).backup.reset(); }

  /// `not_authorised` for another password, `not_found` when there is no backup.
  Result<BackupSet> download(const std::string& name, const std::string& password) const;
  /// Whoever answers all questions chooses a new password; `not_authorised` otherwise.
  Status reset_by_questions(const std::string& name, const std::map<std::string, std::string>& answers,
                            const std::string& new_password);
  /// Sends a link to the recovery address, in the place of an earlier one; `not_found`.
  Status send_link(const std::string& name);
  /// Whoever reads mail at that address: all links sent there, the newest last.
  std::vector<std::string> mail_at(const std::string& address) const;
  /// Whoever has the link chooses a new password; `not_authorised` otherwise.
  Status reset_by_link(const std::string& name, const std::string& link, const std::string& new_password);

  // ---- what only its operator can do ----

  void reset_by_provider(const std::string& name, const std::string& new_password);
  /// All that is stored of somebody.
  const Account& everything_about(const std::string& name) const { return accounts_.at(name); }

 private:
  Account& at(const std::string& name) { return accounts_.at(name); }
  static void set_password(Account& account, const std::string& password);

  std::map<std::string, Account> accounts_;
  std::map<std::string, std::vector<std::string>> mail_;  ///< by address
};

}  // namespace cairn::lab::legacy
