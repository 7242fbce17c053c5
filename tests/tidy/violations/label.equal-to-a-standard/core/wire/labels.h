// RFC 9420 s.8.
inline constexpr std::string_view kOther = "welcome";
