import Testing
import UVHTTP

@testable import CacheNode

@Suite struct RegistryRecordTests {
    private func read(_ text: String, _ znodeName: String = "NODE-4") -> RegistryRecord? {
        RegistryRecord(data: bytes(text), znodeName: znodeName, defaultPort: 5000)
    }

    @Test func isWrittenAsTheContractSays() {
        let record = RegistryRecord(
            name: "NODE-4", id: 4, endpoint: Endpoint(host: "10.0.1.70", port: 5000), slot: 4)
        #expect(
            String(decoding: record.data, as: UTF8.self)
                == #"{"ip":"10.0.1.70","id":4,"name":"NODE-4","port":5000,"slot":4}"#)
        #expect(read(String(decoding: record.data, as: UTF8.self)) == record)
    }

    @Test func everyMemberIsReadAsItWasWritten() {
        let record = RegistryRecord(
            name: "A.B", id: 9, endpoint: Endpoint(host: "fd00::1", port: 1), slot: nil, api: .kv,
            session: "0x1f", epoch: .max)
        #expect(read(String(decoding: record.data, as: UTF8.self)) == record)
    }

    /// The earlier systems' data.
    @Test func whatTheDataDoesNotSayTheZnodeSays() {
        let numbered = read(#"{"ip": "10.0.1.67", "id": 7}"#, "7")
        #expect(numbered?.name == "NODE-7")
        #expect(numbered?.id == 7)
        #expect(numbered?.slot == nil)
        #expect(numbered?.endpoint == Endpoint(host: "10.0.1.67", port: 5000))
    }

    @Test(arguments: [
        "", "[]", "{}", "null", #"{"ip":1}"#, #"{"ip":""}"#, #"{"ip":"a b"}"#, #"{"ip":"a:1"}"#,
        #"{"ip":"a","name":"a/b"}"#, "\u{0}", #"{"ip":"10.0.0.1"#,
    ]) func whatIsNoRecordIsNone(text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [
        #"{"ip":"h","port":0}"#, #"{"ip":"h","port":"x"}"#, #"{"ip":"h","slot":99999999999}"#,
        #"{"ip":"h","id":-1}"#, #"{"ip":"h","api":"x"}"#, #"{"ip":"h","epoch":1e99}"#,
    ]) func membersThatMakeNoSenseCountAsMissing(text: String) {
        #expect(
            read(text)
                == RegistryRecord(
                    name: "NODE-4", id: 4, endpoint: Endpoint(host: "h", port: 5000), slot: nil))
    }

    @Test func sessionsAreWrittenAsZooKeeperWritesThem() {
        #expect(RegistryRecord.text(session: 0x1000_0ab1_2cd0_003) == "0x10000ab12cd0003")
        #expect(RegistryRecord.text(session: -1) == "0xffffffffffffffff")
    }
}
