using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Classifies dial failures by the exceptions of the layers below.</summary>
internal static class DialFailure
{
    /// <summary>If attempts failed differently, the first error in this list is reported.</summary>
    private static readonly DialError[] MostTelling =
    [
        DialError.LimitReached,
        DialError.WrongPeer,
        DialError.ProtocolNotSupported,
        DialError.Handshake,
        DialError.Reset,
        DialError.Timeout,
        DialError.Refused,
        DialError.Other,
        DialError.NoRoute,
    ];

    /// <summary>The error of an attempt's exception.</summary>
    public static DialError Classify(Exception exception) =>
        exception switch
        {
            OperationCanceledException => DialError.Timeout,
            DialException dial => dial.Error,
            WrongPeerException => DialError.WrongPeer,
            ProtocolNotSupportedException => DialError.ProtocolNotSupported,
            SocketException socket => Classify(socket.SocketErrorCode),
            IOException { InnerException: SocketException socket } => Classify(socket.SocketErrorCode),
            WireException or EndOfStreamException or ConnectionClosedException => DialError.Handshake,
            _ => DialError.Other,
        };

    private static DialError Classify(SocketError error) =>
        error switch
        {
            SocketError.ConnectionRefused => DialError.Refused,
            SocketError.TimedOut => DialError.Timeout,
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => DialError.Reset,
            SocketError.HostUnreachable
            or SocketError.HostDown
            or SocketError.NetworkUnreachable
            or SocketError.NetworkDown
            or SocketError.AddressNotAvailable
            or SocketError.AddressFamilyNotSupported => DialError.NoRoute,
            _ => DialError.Other,
        };

    /// <summary>Makes the failure of a whole dial. Its error is the most specific one of its attempts.</summary>
    public static DialException Of(PeerId? peer, IReadOnlyList<DialAttempt> attempts)
    {
        var error =
            attempts.Count == 0
                ? DialError.NoRoute
                : MostTelling.FirstOrDefault(
                    candidate => attempts.Any(attempt => attempt.Tried && attempt.Error == candidate),
                    DialError.NoRoute
                );
        var details =
            attempts.Count == 0
                ? "no address is known"
                : string.Join("; ", attempts.Take(4).Select(attempt => $"{attempt.Address}: {attempt.Text}"));
        return new DialException(error, $"{peer?.ToString() ?? "The address"} could not be dialed: {details}", attempts);
    }
}
