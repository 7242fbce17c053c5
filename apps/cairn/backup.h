// The backup's commands: each begins a job in the client's mind and waits for it, showing how far it is.
#pragma once

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// The file: URL of a folder, made absolute; with `make` it is made if it is missing. When that cannot be done a URL
/// that is refused with a sentence: never one that means something else.
enum class Missing { keep, make };
std::string folder_url(const std::string& folder, Missing missing);

/// Asks, then waits until the job is over. backup.list without a storage lists all that this device backs up to.
Reply run_backup(Speaker& speaker, const std::string& method, const nlohmann::json& params);

/// Of the parameters of recover those that its method takes; the others are for restore_after_recovery(). Of any other
/// method all.
nlohmann::json without_restore(const std::string& method, nlohmann::json params);
/// A folder was named, and no directory answers: what that means for the backup in it is said too.
void tell_of_no_directory(Reply& reply, const nlohmann::json& params);
/// After a name was recovered: what its backup has, if there is one. `params` are those of recover.
Reply restore_after_recovery(Speaker& speaker, const nlohmann::json& params);

/// Milliseconds as local date and time.
std::string day_of(const nlohmann::json& object, const char* key);

std::string render_backup(const std::string& method, const nlohmann::json& result);

}  // namespace cairn::apps
