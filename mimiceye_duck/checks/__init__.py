"""Are the downloads whole, and are they what the contracts say?"""
