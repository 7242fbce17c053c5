#include "apps/cairn/chat/timeline.h"

#include <algorithm>
#include <ctime>

#include "apps/cairn/chat/picture.h"
#include "apps/cairn/chat/text.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;

constexpr int kPictureIndent = 4;

std::string day_of_message(const json& message) {
  const auto seconds = static_cast<std::time_t>(message.value("time_ms", std::uint64_t{0}) / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d", &local);
  return buffer;
}

std::uint64_t index_of_message(const json& message) { return message.value("index", std::uint64_t{0}); }

}  // namespace

void Timeline::put(json message) {
  const std::uint64_t index = index_of_message(message);
  if (messages_.empty() && loaded_from_ == ~std::uint64_t{0}) loaded_from_ = index;
  if (index < loaded_from_) return;
  open_picture(index, message);
  messages_.insert_or_assign(index, std::move(message));
}

void Timeline::load(std::uint64_t first, json messages) {
  for (json& message : messages) {
    const std::uint64_t index = index_of_message(message);
    if (index >= loaded_from_) continue;
    open_picture(index, message);
    messages_.emplace(index, std::move(message));
  }
  loaded_from_ = std::min(loaded_from_, first);
}

void Timeline::clear() {
  messages_.clear();
  pictures_.clear();
  loaded_from_ = ~std::uint64_t{0};
  bottom_.reset();
  marked_.reset();
}

bool Timeline::forget_expired(std::uint64_t now_ms) {
  return std::erase_if(messages_, [&](const auto& one) {
           const std::uint64_t end = one.second.value("expires_ms", std::uint64_t{0});
           const bool is_over = end != 0 && end <= now_ms;
           if (is_over) pictures_.erase(one.first);
           return is_over;
         }) != 0;
}

void Timeline::show_pictures(bool on) {
  shows_pictures_ = on;
  for (const auto& [index, message] : messages_) open_picture(index, message);
}

void Timeline::open_picture(std::uint64_t index, const json& message) {
  pictures_.erase(index);
  auto picture = shows_pictures_ ? picture_of(message) : std::nullopt;
  if (picture) pictures_.emplace(index, std::move(*picture));
}

const json* Timeline::find(std::uint64_t index) const {
  const auto found = messages_.find(index);
  return found == messages_.end() ? nullptr : &found->second;
}

std::vector<ScreenRow> Timeline::block(Messages::const_iterator at, int columns, const Names& names) const {
  std::vector<ScreenRow> out;
  const std::string day = day_of_message(at->second);
  if (at == messages_.begin() || day_of_message(std::prev(at)->second) != day)
    out.push_back({{clipped("---- " + day + " ----", columns), Style::dim}});
  const json* quoted =
      at->second.contains("reply_to_index") ? find(at->second.value("reply_to_index", std::uint64_t{0})) : nullptr;
  auto rows = rows_of_message(at->second, quoted, marked_ == at->first, columns, names);
  std::move(rows.begin(), rows.end(), std::back_inserter(out));
  const auto picture = pictures_.find(at->first);
  if (picture == pictures_.end()) return out;
  for (ScreenRow& row : rows_of_picture(picture->second, columns - kPictureIndent)) {
    row.insert(row.begin(), {std::string(kPictureIndent, ' '), Style::plain});
    out.push_back(std::move(row));
  }
  return out;
}

Timeline::Upward Timeline::upward(std::size_t count, int columns, const Names& names) const {
  Upward out;
  auto at = bottom_ ? messages_.upper_bound(bottom_->index) : messages_.end();
  while (at != messages_.begin() && out.rows.size() < count) {
    --at;
    auto rows = block(at, columns, names);
    std::size_t end = rows.size();
    // What was looked at last may have become shorter, or be gone.
    if (bottom_ && at->first == bottom_->index) end = std::min(end, bottom_->row + 1);
    for (std::size_t row = end; row-- > 0 && out.rows.size() < count;) {
      out.rows.push_back(std::move(rows[row]));
      out.places.push_back({at->first, row});
    }
  }
  out.reaches_top = at == messages_.begin();
  return out;
}

std::vector<ScreenRow> Timeline::rows(Size size, const Names& names) const {
  auto out = upward(static_cast<std::size_t>(std::max(0, size.rows)), size.columns, names).rows;
  std::reverse(out.begin(), out.end());
  return out;
}

std::optional<Timeline::Place> Timeline::below(Place place, int rows, int columns, const Names& names) const {
  auto at = messages_.lower_bound(place.index);
  std::size_t row = at != messages_.end() && at->first == place.index ? place.row : 0;
  for (auto left = static_cast<std::size_t>(rows); at != messages_.end(); ++at, row = 0) {
    const std::size_t all = block(at, columns, names).size();
    row = std::min(row, all - 1);  // it may have become shorter
    if (row + left < all) {
      // The newest row of all is where one stands without having scrolled.
      if (std::next(at) == messages_.end() && row + left + 1 == all) return std::nullopt;
      return Place{at->first, row + left};
    }
    left -= all - row;
  }
  return std::nullopt;
}

void Timeline::scroll(int rows, Size size, const Names& names) {
  if (rows > 0) {
    if (bottom_) bottom_ = below(*bottom_, rows, size.columns, names);
    return;
  }
  const auto height = static_cast<std::size_t>(std::max(1, size.rows));
  const auto wanted = static_cast<std::size_t>(-rows);
  const Upward seen = upward(height + wanted, size.columns, names);
  if (seen.places.size() <= height) return;
  bottom_ = seen.places[std::min(wanted, seen.places.size() - height)];
}

void Timeline::show(std::uint64_t index) {
  marked_ = index;
  // Some of what follows it is seen too.
  auto at = messages_.find(index);
  for (int i = 0; i < 3 && at != messages_.end(); ++i) ++at;
  bottom_.reset();
  if (at != messages_.end()) bottom_ = Place{at->first, ~std::size_t{0} - 1};
}

bool Timeline::wants_older(Size size, const Names& names) const {
  if (loaded_from_ == 0 || loaded_from_ == ~std::uint64_t{0}) return false;
  return upward(static_cast<std::size_t>(std::max(1, size.rows)) + 1, size.columns, names).reaches_top;
}

}  // namespace cairn::apps::chat
