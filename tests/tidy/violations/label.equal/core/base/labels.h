inline constexpr std::string_view kOne = "device";
