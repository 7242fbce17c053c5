inline constexpr std::string_view kOne = "welcome";
