import Glibc

/// What a response says about the connection it travels on (RFC 9112 §9.6).
public enum HTTPConnectionField: UInt8, Sendable {
    /// Nothing: an HTTP/1.1 connection that goes on.
    case absent
    /// `Connection: close`: this is the last answer.
    case close
    /// `Connection: keep-alive`: the connection goes on although the request was HTTP/1.0.
    case keepAlive
}

/// Writes heads of messages; the one place that knows how a start line and field lines are laid
/// out.
public enum HeadWriter {
    /// Bytes of `Date: Sun, 06 Nov 1994 08:49:37 GMT` with its CR LF.
    public static let dateLineBytes = 37

    /// Appends a response head. `framing` says how the body's end is told; `fieldLines` are whole
    /// lines, each with its CR LF; `contentType` empty for none; `dateLine` has `dateLineBytes`
    /// bytes.
    @inlinable
    public static func response(
        _ status: HTTPStatus, contentType: UnsafeRawBufferPointer, framing: HTTPBodyFraming,
        fieldLines: UnsafeRawBufferPointer, dateLine: UnsafeRawPointer,
        connection: HTTPConnectionField,
        into output: inout ByteQueue
    ) {
        output.append("HTTP/1.1 ")
        output.appendDecimal(status.code)
        output.append(ASCII.space)
        output.append(status.reason)
        output.append("\r\n")
        output.append(UnsafeRawBufferPointer(start: dateLine, count: dateLineBytes))
        if contentType.count > 0 {
            output.append("Content-Type: ")
            output.append(contentType)
            output.append("\r\n")
        }
        output.append(fieldLines)
        switch framing {
        case .length(let byteCount):
            output.append("Content-Length: ")
            output.appendDecimal(byteCount)
            output.append("\r\n")
        case .chunked:
            output.append("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose:
            break
        }
        output.commit(writeEnd(connection, to: output.reserve(26)))
    }

    /// Appends the commonest answer, `200` with a type and a length, in one piece: one check for
    /// room, and copies whose lengths the compiler knows. `writeFields` writes further field lines,
    /// each with its CR LF, to room for `fieldBytesMax` bytes, and gives how many it wrote;
    /// `writeBody` writes `bodyBytes` bytes behind the head.
    @inlinable @inline(__always)
    public static func ok(
        contentType: UnsafeRawBufferPointer, contentLength: Int, dateLine: UnsafeRawPointer,
        connection: HTTPConnectionField, into output: inout ByteQueue, fieldBytesMax: Int = 0,
        writeFields: (UnsafeMutableRawPointer) -> Int = { _ in 0 }, bodyBytes: Int = 0,
        writeBody: (UnsafeMutableRawPointer) -> Void = { _ in }
    ) {
        let room = output.reserve(
            okBytesMax &+ contentType.count &+ fieldBytesMax &+ bodyBytes)
        memcpy(room, ("HTTP/1.1 200 OK\r\n" as StaticString).utf8Start, 17)
        memcpy(room + 17, dateLine, dateLineBytes)
        memcpy(room + 54, ("Content-Type: " as StaticString).utf8Start, 14)
        var end = room + 68
        if let type = contentType.baseAddress {
            end.copyShort(from: type, count: contentType.count)
            end += contentType.count
        }
        memcpy(end, ("\r\nContent-Length: " as StaticString).utf8Start, 18)
        end += 18
        end += ASCII.writeDecimal(contentLength, to: end)
        end.storeBytes(of: 0x0A0D, as: UInt16.self)
        end += 2
        end += writeFields(end)
        end += writeEnd(connection, to: end)
        writeBody(end)
        output.commit(end - room &+ bodyBytes)
    }

    /// Bytes of the head that `ok` writes, without the type and further fields, at most.
    @usableFromInline static var okBytesMax: Int { 160 }

    /// Writes the line about the connection, if there is one, and the blank line; 26 bytes at most.
    @inlinable @inline(__always)
    static func writeEnd(
        _ connection: HTTPConnectionField, to room: UnsafeMutableRawPointer
    ) -> Int {
        guard connection != .absent else {
            room.storeBytes(of: 0x0A0D, as: UInt16.self)
            return 2
        }
        let text: StaticString =
            connection == .close
            ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n"
        memcpy(room, text.utf8Start, text.utf8CodeUnitCount)
        return text.utf8CodeUnitCount
    }

    /// Appends a request head. `fieldLines` are whole lines, each with its CR LF. `contentLength`
    /// nil: no body, and no field that tells of one.
    public static func request(
        _ method: HTTPMethod, target: [UInt8], host: String, contentType: [UInt8],
        fieldLines: [UInt8] = [], contentLength: Int?, into output: inout ByteQueue
    ) {
        output.append(method.name)
        output.append(ASCII.space)
        output.append(target)
        output.append(" HTTP/1.1\r\nHost: ")
        output.append(host)
        output.append("\r\n")
        if !contentType.isEmpty {
            output.append("Content-Type: ")
            output.append(contentType)
            output.append("\r\n")
        }
        output.append(fieldLines)
        if let contentLength {
            output.append("Content-Length: ")
            output.appendDecimal(contentLength)
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    /// Appends the head of a request to go on in another protocol (RFC 9110 §7.8). `fieldLines` are
    /// whole lines, each with its CR LF.
    static func upgradeRequest(
        to protocolName: StaticString, target: [UInt8], host: String, fieldLines: [UInt8] = [],
        into output: inout ByteQueue
    ) {
        output.append("GET ")
        output.append(target)
        output.append(" HTTP/1.1\r\nHost: ")
        output.append(host)
        output.append("\r\n")
        upgradeFields(protocolName, into: &output)
        output.append(fieldLines)
        output.append("\r\n")
    }

    /// Appends the answer behind which the connection goes on in another protocol (RFC 9110
    /// §15.2.2).
    static func switchingProtocols(
        to protocolName: StaticString, fieldLines: StaticString, into output: inout ByteQueue
    ) {
        output.append("HTTP/1.1 101 Switching Protocols\r\n")
        upgradeFields(protocolName, into: &output)
        output.append(fieldLines)
        output.append("\r\n")
    }

    private static func upgradeFields(_ protocolName: StaticString, into output: inout ByteQueue) {
        output.append("Connection: Upgrade\r\nUpgrade: ")
        output.append(protocolName)
        output.append("\r\n")
    }

    /// Appends `byteCount` in hexadecimal and CR LF: the line before a chunk's data (RFC 9112
    /// §7.1).
    public static func chunkSize(_ byteCount: Int, into output: inout ByteQueue) {
        output.append(String(byteCount, radix: 16))
        output.append("\r\n")
    }
}
