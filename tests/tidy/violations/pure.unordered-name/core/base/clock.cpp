using Names = std::unordered_set<int>;
