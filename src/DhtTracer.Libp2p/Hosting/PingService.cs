using System.Security.Cryptography;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>The protocol <c>/ipfs/ping/1.0.0</c>: 32 bytes, echoed unchanged.</summary>
internal static class PingService
{
    public const string ProtocolId = "/ipfs/ping/1.0.0";

    private const int Length = 32;

    /// <summary>Echoes pings until the remote closes the stream or is silent too long.</summary>
    public static async Task AnswerAsync(Libp2pStream stream, TimeProvider time, CancellationToken cancellationToken)
    {
        var buffer = new byte[Length];
        while (true)
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            var read = await stream.ReadAtLeastAsync(buffer, Length, throwOnEndOfStream: false, linked.Token);
            if (read == 0)
            {
                return;
            }

            if (read < Length)
            {
                throw new WireException(WireLayer.Ping, $"a ping has {read} bytes instead of {Length}");
            }

            await stream.WriteAsync(buffer, linked.Token);
        }
    }

    /// <summary>Measures one round trip on its own stream.</summary>
    /// <exception cref="WireException">The answer differs from what was sent.</exception>
    public static async Task<TimeSpan> PingAsync(Connection connection, TimeProvider time, CancellationToken cancellationToken)
    {
        var stream = await connection.OpenStreamAsync(ProtocolId, cancellationToken);
        try
        {
            var sent = RandomNumberGenerator.GetBytes(Length);
            var start = time.GetTimestamp();
            await stream.WriteAsync(sent, cancellationToken);
            var answer = new byte[Length];
            await stream.ReadExactlyAsync(answer, cancellationToken);
            var elapsed = time.GetElapsedTime(start);
            if (!answer.AsSpan().SequenceEqual(sent))
            {
                throw new WireException(WireLayer.Ping, "the answer is not what was sent");
            }

            await stream.DisposeAsync();
            return elapsed;
        }
        catch (EndOfStreamException e)
        {
            stream.Reset("The ping failed.");
            throw new StreamResetException("The remote closed the stream without answering the ping.", e);
        }
        catch
        {
            stream.Reset("The ping failed.");
            throw;
        }
    }
}
