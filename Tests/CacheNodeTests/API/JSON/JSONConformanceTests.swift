import Testing

@testable import CacheNode

/// Texts that RFC 8259 allows and texts that it doesn't, named in the manner of the public JSON
/// test suites.
@Suite struct JSONConformanceTests {
    @Test(arguments: valid) func acceptsWhatTheGrammarAllows(_ name: String, _ text: String) {
        #expect(Array(text.utf8).isJSON, "\(name)")
        #expect(JSONReference.accepts(Array(text.utf8)), "\(name)")
    }

    @Test(arguments: invalid) func refusesWhatTheGrammarForbids(_ name: String, _ text: String) {
        #expect(!Array(text.utf8).isJSON, "\(name)")
        #expect(!JSONReference.accepts(Array(text.utf8)), "\(name)")
    }

    @Test(arguments: notUTF8) func refusesBytesThatAreNotUTF8(_ name: String, _ bytes: [UInt8]) {
        #expect(!bytes.isJSON, "\(name)")
        #expect(!JSONReference.accepts(bytes), "\(name)")
    }

    /// A shorter number can be a number; anything else cut short is nothing.
    @Test(arguments: valid)
    func refusesEveryProperPrefixOfATextThatIsNoNumber(_ name: String, _ text: String) {
        let end = text.utf8.reversed().drop { " \t\n\r".utf8.contains($0) }.count
        let isNumber = text.utf8.last.map { $0 &- 0x30 < 10 } ?? false
        for count in 0..<end {
            let prefix = Array(text.utf8.prefix(count))
            #expect(prefix.isJSON == JSONReference.accepts(prefix), "\(name), \(count) bytes")
            #expect(isNumber || !prefix.isJSON, "\(name), \(count) bytes")
        }
    }

    static let valid: [(String, String)] = [
        ("y_array_arrays_with_spaces", "[[]   ]"),
        ("y_array_empty", "[]"),
        ("y_array_empty_string", #"[""]"#),
        ("y_array_ending_with_newline", "[\"a\"]\n"),
        ("y_array_false", "[false]"),
        ("y_array_heterogeneous", #"[null, 1, "1", {}]"#),
        ("y_array_leading_space", " [1]"),
        ("y_array_line_feed_and_one", "[1\n]"),
        ("y_array_null", "[null]"),
        ("y_array_several_null", "[1,null,null,null,2]"),
        ("y_array_trailing_space", "[2] "),
        ("y_number_plain", "[123e65]"),
        ("y_number_0e_plus_1", "[0e+1]"),
        ("y_number_0e1", "[0e1]"),
        ("y_number_after_space", "[ 4]"),
        ("y_number_close_to_zero", "[-0.\(String(repeating: "0", count: 77))1]"),
        ("y_number_huge_exponent", "[1e99999999999999999999]"),
        ("y_number_int_with_exp", "[20e1]"),
        ("y_number_minus_zero", "[-0]"),
        ("y_number_minus_zero_fraction", "[-0.0e-0]"),
        ("y_number_negative_int", "[-123]"),
        ("y_number_negative_one", "[-1]"),
        ("y_number_real_capital_e", "[1E22]"),
        ("y_number_real_capital_e_neg_exp", "[1E-2]"),
        ("y_number_real_capital_e_pos_exp", "[1E+2]"),
        ("y_number_real_fraction_exponent", "[123.456e78]"),
        ("y_number_real_neg_exp", "[1e-2]"),
        ("y_number_simple_int", "[123]"),
        ("y_number_simple_real", "[123.456789]"),
        ("y_number_thirty_digits", "[123456789012345678901234567890]"),
        ("y_number_exponent_leading_zeros", "[1e0007]"),
        ("y_object", #"{"asd":"sdf", "dfg":"fgh"}"#),
        ("y_object_basic", #"{"asd":"sdf"}"#),
        ("y_object_duplicated_key", #"{"a":"b","a":"c"}"#),
        ("y_object_duplicated_key_and_value", #"{"a":"b","a":"b"}"#),
        ("y_object_empty", "{}"),
        ("y_object_empty_key", #"{"":0}"#),
        ("y_object_escaped_null_in_key", #"{"foo\u0000bar": 42}"#),
        ("y_object_extreme_numbers", #"{ "min": -1.0e+28, "max": 1.0e+28 }"#),
        ("y_object_long_strings", #"{"x":[{"id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]}"#),
        ("y_object_nested", #"{"a":{"b":{"c":[[],{},[{}]]}}}"#),
        ("y_object_string_unicode", #"{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430"}"#),
        ("y_object_with_newlines", "{\n\"a\": \"b\"\n}"),
        ("y_string_1_2_3_bytes_escaped", #"["\u0060\u012a\u12AB"]"#),
        ("y_string_accepted_surrogate_pair", #"["\uD801\udc37"]"#),
        ("y_string_accepted_surrogate_pairs", #"["\ud83d\ude39\ud83d\udc8d"]"#),
        ("y_string_allowed_escapes", #"["\"\\\/\b\f\n\r\t"]"#),
        ("y_string_backslash_and_u_escaped_zero", #"["\\u0000"]"#),
        ("y_string_backslash_doublequotes", #"["\""]"#),
        ("y_string_comments", #"["a/*b*/c/*d//e"]"#),
        ("y_string_double_escape_a", #"["\\a"]"#),
        ("y_string_double_escape_n", #"["\\n"]"#),
        ("y_string_escaped_control_character", #"["\u0012"]"#),
        ("y_string_escaped_noncharacter", #"["\uFFFF"]"#),
        ("y_string_in_array_with_leading_space", #"[ "asd"]"#),
        ("y_string_last_surrogates", #"["\uDBFF\uDFFF"]"#),
        ("y_string_nbsp_utf8", "[\"new\u{00A0}line\"]"),
        ("y_string_noncharacter_u_10ffff", "[\"\u{10FFFF}\"]"),
        ("y_string_noncharacter_u_ffff", "[\"\u{FFFF}\"]"),
        ("y_string_null_escape", #"["\u0000"]"#),
        ("y_string_one_byte_utf8_escaped", #"["\u002c"]"#),
        ("y_string_pi", "[\"π\"]"),
        ("y_string_simple_ascii", #"["asd "]"#),
        ("y_string_space", "\" \""),
        ("y_string_surrogates_g_clef", #"["\uD834\uDd1e"]"#),
        ("y_string_three_byte_utf8_escaped", #"["\u0821"]"#),
        ("y_string_two_byte_utf8_escaped", #"["\u0123"]"#),
        ("y_string_line_separator", "[\"\u{2028}\u{2029}\"]"),
        ("y_string_byte_order_mark_inside", "[\"\u{FEFF}\"]"),
        ("y_string_u_plus_d7ff_and_e000", #"["\uD7FF\uE000"]"#),
        ("y_string_utf8", "[\"€𝄞\"]"),
        ("y_string_with_del", "[\"a\u{7F}a\"]"),
        ("y_string_longer_than_words", "\"0123456789abcdefghijklmnopqrstuvwxyzäöü🎄0123456789\""),
        ("y_structure_lonely_false", "false"),
        ("y_structure_lonely_int", "42"),
        ("y_structure_lonely_negative_real", "-0.1"),
        ("y_structure_lonely_null", "null"),
        ("y_structure_lonely_string", #""asd""#),
        ("y_structure_lonely_true", "true"),
        ("y_structure_string_empty", #""""#),
        ("y_structure_trailing_newline", "[\"a\"]\r\n"),
        ("y_structure_true_in_array", "[true]"),
        ("y_structure_whitespace_array", " [] "),
        ("y_structure_all_whitespace", " \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n1 \t\r\n} \t\r\n"),
    ]

    static let notUTF8: [(String, [UInt8])] = [
        ("n_string_lone_continuation", [0x22, 0x80, 0x22]),
        ("n_string_ff", [0x22, 0xFF, 0x22]),
        ("n_string_latin_1", [0x22, 0xE9, 0x22]),
        ("n_string_overlong_slash_2_bytes", [0x22, 0xC0, 0xAF, 0x22]),
        ("n_string_overlong_slash_3_bytes", [0x22, 0xE0, 0x80, 0xAF, 0x22]),
        ("n_string_overlong_slash_4_bytes", [0x22, 0xF0, 0x80, 0x80, 0xAF, 0x22]),
        ("n_string_overlong_null", [0x22, 0xC0, 0x80, 0x22]),
        ("n_string_encoded_surrogate", [0x22, 0xED, 0xA0, 0x80, 0x22]),
        ("n_string_encoded_surrogate_pair", [0x22, 0xED, 0xA0, 0x81, 0xED, 0xB0, 0xB7, 0x22]),
        ("n_string_above_10ffff", [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22]),
        ("n_string_truncated_2_bytes", [0x22, 0xC3, 0x22]),
        ("n_string_truncated_3_bytes", [0x22, 0xE2, 0x82, 0x22]),
        ("n_string_truncated_4_bytes", [0x22, 0xF0, 0x9F, 0x8E, 0x22]),
        ("n_string_truncated_at_the_end", [0x22, 0xF0, 0x9F, 0x8E]),
        ("n_array_invalid_utf8", [0x5B, 0xFF, 0x5D]),
        ("n_number_invalid_utf8_in_exponent", [0x5B, 0x31, 0x65, 0x31, 0xE5, 0x5D]),
        ("n_structure_byte_order_mark", [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]),
        ("n_structure_incomplete_byte_order_mark", [0xEF, 0xBB, 0x7B, 0x7D]),
        ("n_structure_utf16le", [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]),
        ("n_structure_utf16be_without_mark", [0x00, 0x5B, 0x00, 0x22, 0x00, 0xE9, 0x00, 0x22]),
        ("n_structure_lone_e9", [0xE9]),
    ]
}
