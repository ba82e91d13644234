using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>
/// Jaeger's agent over UDP, ports 6831 (compact Thrift) and 6832 (binary): each datagram is a call of <c>emitBatch</c>. UDP acknowledges
/// nothing, so what arrives faster than it can be stored waits in memory, then in the socket, and is then lost, as the protocol has it.
/// </summary>
public sealed class JaegerUdpReceiver : IAsyncDisposable
{
    /// <summary>Name in the statistics of the port that speaks compact Thrift.</summary>
    public const string CompactName = "jaeger-udp-compact";

    /// <summary>Name in the statistics of the port that speaks binary Thrift.</summary>
    public const string BinaryName = "jaeger-udp-binary";

    private const int MaxDatagram = 65_535;
    private const int MaxWaiting = 2_000;
    private const int MaxBatchedSpans = 5_000;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly SpanSink _sink;
    private readonly ThriftProtocol _protocol;
    private readonly ILogger _logger;
    private Socket? _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly Channel<IReadOnlyList<Span>> _waiting = Channel.CreateBounded<IReadOnlyList<Span>>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true }
    );

    private Task _receiving = Task.CompletedTask;
    private Task _storing = Task.CompletedTask;

    /// <summary>Makes a receiver; <see cref="Start"/> binds it.</summary>
    /// <param name="sink">Where spans go.</param>
    /// <param name="protocol">What the port speaks.</param>
    /// <param name="logger">Takes failures of the database and the socket.</param>
    public JaegerUdpReceiver(SpanSink sink, ThriftProtocol protocol, ILogger<JaegerUdpReceiver> logger)
    {
        _sink = sink;
        _protocol = protocol;
        _logger = logger;
    }

    /// <summary>Name in the statistics.</summary>
    public string Name => _protocol == ThriftProtocol.Compact ? CompactName : BinaryName;

    /// <summary>Binds and begins to receive.</summary>
    /// <param name="endPoint">Address and port; port 0 for a free one.</param>
    /// <returns>What was bound.</returns>
    /// <exception cref="SocketException">The port is taken or may not be bound.</exception>
    public IPEndPoint Start(IPEndPoint endPoint)
    {
        // A burst must not be lost while the database commits.
        var bound = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
        try
        {
            bound.Bind(endPoint);
        }
        catch
        {
            bound.Dispose();
            throw;
        }

        return StartOn(bound);
    }

    /// <summary>Begins to receive from a socket that was bound elsewhere, also what has arrived at it before.</summary>
    /// <param name="bound">A bound UDP socket, owned by the receiver from now on.</param>
    /// <returns>Where it is bound.</returns>
    public IPEndPoint StartOn(Socket bound)
    {
        _socket = bound;
        _receiving = Task.Run(ReceiveAsync);
        _storing = Task.Run(StoreAsync);
        return (IPEndPoint)bound.LocalEndPoint!;
    }

    /// <summary>Takes nothing new, and stores what has arrived.</summary>
    /// <param name="cancellationToken">Gives up storing.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _receiving;
        await using var registration = cancellationToken.Register(_abandon.Cancel);
        await _storing;
    }

    /// <summary>Stops and closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _socket?.Dispose();
        _stop.Dispose();
        _abandon.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var bound = _socket!;
        var datagram = new byte[MaxDatagram];
        try
        {
            while (true)
            {
                int length;
                try
                {
                    length = await bound.ReceiveAsync(datagram, SocketFlags.None, _stop.Token);
                }
                catch (SocketException error)
                {
                    // On some systems an earlier answer to a closed port shows here; the socket itself is well.
                    _logger.LogWarning(error, "{Receiver} could not receive a datagram", Name);
                    continue;
                }

                // A datagram that was read must not be lost by a stop: only a full queue waits, and so notices the stop.
                var spans = Decode(datagram.AsSpan(0, length));
                if (spans.Count > 0 && !_waiting.Writer.TryWrite(spans))
                {
                    await _waiting.Writer.WriteAsync(spans, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            TakeWhatIsLeft(bound, datagram);
        }
        finally
        {
            _waiting.Writer.Complete();
        }
    }

    /// <summary>Empties the socket, as far as there is room.</summary>
    private void TakeWhatIsLeft(Socket bound, byte[] datagram)
    {
        var room = true;
        while (room && bound.Available > 0)
        {
            var spans = Decode(datagram.AsSpan(0, bound.Receive(datagram)));
            room = spans.Count == 0 || _waiting.Writer.TryWrite(spans);
        }
    }

    private IReadOnlyList<Span> Decode(ReadOnlySpan<byte> datagram)
    {
        var rejected = new List<RejectedSpan>();
        try
        {
            var spans = JaegerThrift.Decode(datagram, _protocol, rejected);
            _sink.Statistics.CountRejected(Name, rejected.Count);
            return spans;
        }
        catch (TraceFormatException error)
        {
            _sink.Statistics.CountError(Name, error);
            return [];
        }
    }

    private async Task StoreAsync()
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(_abandon.Token))
            {
                var batch = new List<Span>();
                while (batch.Count < MaxBatchedSpans && _waiting.Reader.TryRead(out var spans))
                {
                    batch.AddRange(spans);
                }

                await StoreAsync(batch);
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            _logger.LogWarning("{Receiver} stopped before everything that had arrived was stored", Name);
        }
    }

    private async Task StoreAsync(List<Span> batch)
    {
        while (true)
        {
            try
            {
                await _sink.AcceptAsync(batch, Name, null, _abandon.Token);
                return;
            }
            catch (Exception error) when (error is StoreOverloadedException or DatabaseException { IsTransient: true })
            {
                await Task.Delay(Retry, _abandon.Token);
            }
            catch (DatabaseException error)
            {
                // Counted by the sink, and shown; waiting would lose the datagrams that follow as well.
                _logger.LogError(error, "{Receiver} could not store {Count} spans", Name, batch.Count);
                return;
            }
        }
    }
}
