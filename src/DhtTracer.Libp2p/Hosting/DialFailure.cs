using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>Classes of dial failures, made out of what the layers below throw.</summary>
internal static class DialFailure
{
    /// <summary>When attempts failed differently: the error that tells most comes first.</summary>
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

    /// <summary>The class of what an attempt threw.</summary>
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

    /// <summary>The failure of a whole dial, whose class is the one of its attempts that tells most.</summary>
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
