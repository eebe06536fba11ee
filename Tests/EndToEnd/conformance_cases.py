"""JSON for TestAllTypesProto3, and whether it must be read (T71): rows of protobuf's suite.

What a row that is read must come to is what Google's protobuf for Python reads. Some of the rows that
must be refused Python accepts.
"""

# One value of one field.
ACCEPTED = [
    # Numbers.
    '{"optionalInt32": 2147483647}', '{"optionalInt32": -2147483648}', '{"optionalInt32": "123"}',
    '{"optionalInt32": 1e5}', '{"optionalInt32": 100000.000}', '{"optionalInt32": "1e5"}',
    '{"optionalInt32": 2147483647.0}', '{"optionalInt32": -0}', '{"optionalInt32": 12e-0}',
    '{"optionalInt64": "9223372036854775807"}', '{"optionalInt64": -9223372036854775808}',
    '{"optionalInt64": 123}', '{"optionalUint32": 4294967295}',
    '{"optionalUint64": "18446744073709551615"}', '{"optionalSint64": "-9223372036854775808"}',
    '{"optionalFixed32": 1}', '{"optionalFixed64": "2"}', '{"optionalSfixed64": "-3"}',
    '{"optionalFloat": 1.5}', '{"optionalFloat": "1.5"}', '{"optionalFloat": "NaN"}',
    '{"optionalFloat": "Infinity"}', '{"optionalFloat": "-Infinity"}',
    '{"optionalFloat": 3.402823e+38}', '{"optionalFloat": -1.17549e-38}',
    '{"optionalDouble": 1.79769e+308}', '{"optionalDouble": 5e-324}', '{"optionalDouble": -0.0}',
    '{"optionalDouble": "-1.5e2"}', '{"optionalDouble": 0.1}',
    # Booleans, strings and bytes.
    '{"optionalBool": true}', '{"optionalBool": false}', '{"optionalString": "Hello \\u4e16 \\/"}',
    '{"optionalString": "\\ud83d\\ude01"}', '{"optionalString": "\\"\\\\\\b\\f\\n\\r\\t"}',
    '{"optionalString": "\U0001f601 e\u0301"}', '{"optionalString": "\\u0000"}',
    '{"optionalBytes": "AQI="}', '{"optionalBytes": "-_"}', '{"optionalBytes": "AQI"}',
    '{"optionalBytes": ""}', '{"optionalBytes": "+/8="}',
    # Enums.
    '{"optionalNestedEnum": "BAR"}', '{"optionalNestedEnum": 2}', '{"optionalNestedEnum": -1}',
    '{"optionalNestedEnum": 77}', '{"optionalAliasedEnum": "moo"}',
    '{"optionalAliasedEnum": "bAz"}', '{"optionalNullValue": null}', '{"oneofNullValue": null}',
    # Names.
    '{"optional_int32": 1}', '{"fieldname1": 1, "fieldName2": 2, "FieldName3": 3}',
    '{"fieldName4": 4, "field0name5": 5, "field0Name6": 6, "fieldName7": 7}',
    '{"FieldName8": 8, "fieldName9": 9, "FieldName10": 10, "FIELDNAME11": 11}',
    '{"FIELDName12": 12, "FieldName13": 13, "FieldName14": 14, "fieldName15": 15}',
    '{"fieldName16": 16, "fieldName17": 17, "FieldName18": 18}', '{"field__name15": 1}',
    # Lists and maps.
    '{"repeatedInt32": [1, "2", 3e0]}', '{"repeatedInt32": []}', '{"repeatedInt32": null}',
    '{"repeatedString": ["", "a"]}', '{"repeatedNestedMessage": [{"a": 1}, {}]}',
    '{"repeatedNestedEnum": ["FOO", 1, "BAZ"]}', '{"packedDouble": [1, 2.5]}',
    '{"mapInt32Int32": {"1": 2, "-3": 4}}', '{"mapBoolBool": {"true": false}}',
    '{"mapInt64Int64": {"9223372036854775807": "1"}}', '{"mapStringBytes": {"a": "AQI="}}',
    '{"mapStringString": {"e\u0301": "1", "\u00e9": "2"}}', '{"mapInt32Int32": null}',
    '{"mapStringNestedMessage": {"x": {"a": 5}}}', '{"mapStringNestedEnum": {"x": "BAR"}}',
    # Messages and oneofs.
    '{}', ' \t\r\n{ "optionalInt32" : 1 , "optionalBool" : true } ',
    '{"optionalNestedMessage": {"corecursive": {"optionalInt32": 1}}}',
    '{"optionalNestedMessage": null}', '{"optionalNestedMessage": {}}',
    '{"oneofUint32": 0}', '{"oneofString": "", "oneofUint32": null}', '{"oneofEnum": "FOO"}',
    '{"optionalInt32": null, "optionalString": null, "optionalNestedEnum": null}',
    # Wrappers.
    '{"optionalBoolWrapper": false}', '{"optionalInt32Wrapper": "0"}',
    '{"optionalInt64Wrapper": "1"}', '{"optionalUint64Wrapper": 1}',
    '{"optionalDoubleWrapper": "Infinity"}', '{"optionalStringWrapper": ""}',
    '{"optionalBytesWrapper": "AQI="}', '{"optionalInt32Wrapper": null}',
    '{"repeatedInt32Wrapper": [0, 1]}',
    # Timestamps and durations.
    '{"optionalTimestamp": "0001-01-01T00:00:00Z"}',
    '{"optionalTimestamp": "9999-12-31T23:59:59.999999999Z"}',
    '{"optionalTimestamp": "1970-01-01T00:00:00.010Z"}',
    '{"optionalTimestamp": "1970-01-01T08:00:01+08:00"}',
    '{"optionalTimestamp": "2000-02-29T12:00:00.5-23:59"}',
    '{"optionalTimestamp": "1969-12-31T23:59:59.999999Z"}',
    '{"repeatedTimestamp": ["1970-01-01T00:00:00Z", "2024-02-29T00:00:00.000000001Z"]}',
    '{"optionalDuration": "1.5s"}', '{"optionalDuration": "-315576000000.999999999s"}',
    '{"optionalDuration": "315576000000s"}', '{"optionalDuration": "-0.000001s"}',
    '{"optionalDuration": "0s"}', '{"repeatedDuration": ["1.5s", "-1.5s"]}',
    # Other well-known types.
    '{"optionalFieldMask": "foo,barBaz"}', '{"optionalFieldMask": ""}',
    '{"optionalFieldMask": "a.bC"}',
    '{"optionalStruct": {"a": null, "b": 1.5, "c": [true, {"d": "e"}], "": {}}}',
    '{"optionalValue": null}', '{"optionalValue": 1}', '{"optionalValue": [1, "a", null]}',
    '{"optionalValue": {"a": {}}}', '{"repeatedValue": [1, null, "x", [], {}]}',
    '{"repeatedListValue": [[], [1, [2]]]}', '{"optionalEmpty": {}}',
    '{"optionalAny": {}}',
    '{"optionalAny": {"@type": "type.googleapis.com/protobuf_test_messages.proto3.'
    'TestAllTypesProto3", "optionalInt32": 5}}',
    '{"optionalAny": {"optionalInt32": 5, "@type": "type.googleapis.com/protobuf_test_messages.'
    'proto3.TestAllTypesProto3"}}',
    '{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.5s"}}',
    '{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Int32Value", "value": 7}}',
    '{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": 1}}}',
    '{"optionalAny": {"@type": "type.googleapis.com/google.protobuf.Any", "value": {"@type": '
    '"type.googleapis.com/google.protobuf.FieldMask", "value": "aB"}}}',
]

REFUSED = [
    # Not JSON.
    "", "{", "}", "[]x", '{"optionalInt32": 1,}', "{'optionalInt32': 1}", '{optionalInt32: 1}',
    '{"optionalInt32": 1} {}', '{"optionalInt32": 1}x', '// comment\n{}', '{"optionalInt32" 1}',
    '{"repeatedInt32": [1,]}', '{"repeatedInt32": [1 2]}', '{"repeatedInt32": [,1]}',
    '{"optionalBool": tru}', '{"optionalBool": TRUE}', '{"optionalString": "a\nb"}',
    '{"optionalString": "\\x"}', '{"optionalString": "\\u12"}', '{"optionalString": "\\ud800"}',
    '{"optionalString": "\\udc00"}', '{"optionalString": "\\ud800\\u0041"}',
    '{"optionalString": "a}', '{"optionalInt32": 01}', '{"optionalInt32": +1}',
    '{"optionalDouble": .5}', '{"optionalDouble": 1.}', '{"optionalDouble": 1e}',
    '{"optionalDouble": NaN}', '{"optionalDouble": Infinity}', '{"optionalInt32": 0x10}',
    "null", "1", "[]", '""',
    # Numbers that do not fit.
    '{"optionalInt32": 2147483648}', '{"optionalInt32": -2147483649}', '{"optionalInt32": 1.5}',
    '{"optionalInt32": "1.5"}', '{"optionalInt32": ""}', '{"optionalInt32": "abc"}',
    '{"optionalInt32": " 1"}', '{"optionalInt32": "1 "}', '{"optionalInt32": true}',
    '{"optionalInt32": [1]}', '{"optionalInt32": 1e10}', '{"optionalInt32": 1e-1}',
    '{"optionalUint32": -1}', '{"optionalUint32": 4294967296}',
    '{"optionalInt64": "9223372036854775808"}', '{"optionalUint64": "18446744073709551616"}',
    '{"optionalUint64": 1e20}', '{"optionalFloat": 3.502823e+38}', '{"optionalFloat": "x"}',
    '{"optionalDouble": 1.79769e+309}', '{"optionalDouble": "inf"}', '{"optionalDouble": "nan"}',
    '{"optionalDouble": ""}', '{"optionalDouble": " 1"}', '{"optionalDouble": false}',
    # Other values of the wrong kind.
    '{"optionalBool": "true"}', '{"optionalBool": 1}', '{"optionalString": 1}',
    '{"optionalString": {}}', '{"optionalBytes": "*"}', '{"optionalBytes": "A"}',
    '{"optionalBytes": 1}', '{"optionalNestedEnum": "NOPE"}', '{"optionalNestedEnum": "bar"}',
    '{"optionalNestedEnum": 1.5}', '{"optionalNestedEnum": 2147483648}',
    '{"optionalNestedMessage": 1}', '{"optionalNestedMessage": []}', '{"repeatedInt32": 1}',
    '{"repeatedInt32": [null]}', '{"repeatedInt32": {}}', '{"repeatedNestedMessage": [null]}',
    '{"mapInt32Int32": []}', '{"mapInt32Int32": {"1": null}}', '{"mapInt32Int32": {1: 2}}',
    '{"mapInt32Int32": {"a": 2}}', '{"mapBoolBool": {"1": true}}', '{"mapBoolBool": {true: true}}',
    '{"mapInt32Int32": {"2147483648": 1}}', '{"mapStringNestedMessage": {"a": null}}',
    # Names.
    '{"unknown": 1}', '{"OptionalInt32": 1}', '{"optionalNestedMessage": {"b": 1}}',
    '{"optionalInt32": 1, "optionalInt32": 2}', '{"optionalInt32": 1, "optional_int32": 2}',
    '{"oneofUint32": 1, "oneofString": "a"}', '{"oneofUint32": 1, "oneofUint32": 2}',
    # Well-known types.
    '{"optionalTimestamp": "0000-01-01T00:00:00Z"}',
    '{"optionalTimestamp": "10000-01-01T00:00:00Z"}',
    '{"optionalTimestamp": "1970-01-01T00:00:00"}', '{"optionalTimestamp": "1970-01-01"}',
    '{"optionalTimestamp": "1970-01-01t00:00:00Z"}', '{"optionalTimestamp": "1970-01-01T00:00:00z"}',
    '{"optionalTimestamp": "1970-13-01T00:00:00Z"}', '{"optionalTimestamp": "1970-02-29T00:00:00Z"}',
    '{"optionalTimestamp": "1970-01-01T24:00:00Z"}', '{"optionalTimestamp": "1970-01-01 00:00:00Z"}',
    '{"optionalTimestamp": "0001-01-01T00:00:00+00:01"}', '{"optionalTimestamp": 0}',
    '{"optionalTimestamp": "1970-01-01T00:00:00.0000000001Z"}',
    '{"optionalDuration": "1.5"}', '{"optionalDuration": "315576000001s"}',
    '{"optionalDuration": "-315576000001s"}', '{"optionalDuration": "1.0000000001s"}',
    '{"optionalDuration": "s"}', '{"optionalDuration": 1}', '{"optionalDuration": "1 s"}',
    '{"optionalFieldMask": "foo_bar"}', '{"optionalFieldMask": 1}', '{"optionalStruct": []}',
    '{"repeatedListValue": [{}]}', '{"optionalEmpty": {"a": 1}}', '{"optionalAny": {"a": 1}}',
    '{"optionalAny": {"@type": "type.googleapis.com/no.such.Type"}}', '{"optionalAny": 1}',
    '{"optionalAny": {"@type": ""}}', '{"optionalInt32Wrapper": "a"}',
    '{"repeatedInt32Wrapper": [null]}', '{"optionalBoolWrapper": "true"}',
]
