using System.Collections.Concurrent;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Yamux;

public class YamuxSessionTests
{
    private static readonly YamuxOptions Options = new();

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public void Headers_are_those_of_js_libp2p()
    {
        var vectors = Vectors.Other.GetProperty("yamux");
        Check("open stream 1 (WindowUpdate SYN 0)", new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        Check("data 5 bytes on stream 1", new YamuxFrame(YamuxType.Data, YamuxFlags.None, 1, 5));
        Check("ping request 0", new YamuxFrame(YamuxType.Ping, YamuxFlags.Syn, 0, 0));
        Check("ping answer 0", new YamuxFrame(YamuxType.Ping, YamuxFlags.Ack, 0, 0));
        Check("half close", new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Fin, 1, 0));
        Check("reset", new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, 1, 0));
        Check("go away 0", new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 0));

        void Check(string name, YamuxFrame frame)
        {
            Assert.Equal(vectors.Text(name), Convert.ToHexStringLower(Header(frame)));
            Assert.Equal(frame, YamuxFrame.Read(vectors.Hex(name)));
        }
    }

    [Fact]
    public async Task A_writer_waits_when_the_window_is_full_and_goes_on_when_the_reader_reads()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var b = await pair.AcceptedByB();
        var data = new byte[1024 * 1024];
        new Random(1).NextBytes(data);
        var writing = a.WriteAsync(data, Deadline).AsTask();
        await Task.Delay(50);
        Assert.False(writing.IsCompleted);

        var received = new byte[data.Length + 1];
        for (var at = 0; at < received.Length; )
        {
            at += await b.ReadAsync(received.AsMemory(at), Deadline);
        }

        await writing;
        Assert.True(received.AsSpan(1).SequenceEqual(data));
    }

    [Fact]
    public async Task A_cancelled_read_or_write_ends_at_once_and_leaves_the_stream_usable()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var b = await pair.AcceptedByB();
        using var cancel = new CancellationTokenSource();
        var reading = a.ReadAsync(new byte[1], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await b.WriteAsync("y"u8.ToArray(), Deadline);
        Assert.Equal(1, await a.ReadAsync(new byte[1], Deadline));
    }

    [Fact]
    public async Task A_reset_ends_a_read_under_way_with_a_typed_error()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var b = await pair.AcceptedByB();
        var reading = a.ReadAsync(new byte[1], Deadline).AsTask();
        b.Reset("enough");
        await Assert.ThrowsAsync<StreamResetException>(() => reading);
        await Assert.ThrowsAsync<StreamResetException>(() => a.WriteAsync("z"u8.ToArray(), Deadline).AsTask());
        Assert.Equal((0, 0), (pair.A.StreamCount, pair.B.StreamCount));
    }

    [Fact]
    public async Task A_stream_is_forgotten_once_both_sides_have_closed()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var b = await pair.AcceptedByB();
        a.CloseWrite();
        Assert.Equal(1, await b.ReadAsync(new byte[10], Deadline));
        Assert.Equal(0, await b.ReadAsync(new byte[10], Deadline));
        b.CloseWrite();
        Assert.Equal(0, await a.ReadAsync(new byte[10], Deadline));
        Assert.Equal((0, 0), (pair.A.StreamCount, pair.B.StreamCount));
    }

    [Theory]
    [InlineData("010000000000000100000000", "version")] // version 1
    [InlineData("000400000000000000000000", "type")] // type 4
    [InlineData("000000100000000100000000", "flags")] // flag 16
    [InlineData("000000000000000000000001", "stream 0")] // data on stream 0
    [InlineData("000000010000000200000000", "only this side may use that id")] // an even id from the dialer
    [InlineData("000200000000000000000000", "neither")] // ping without a flag
    [InlineData("000000010000000100040001", "window")] // one byte more than the window
    [InlineData("0000000100000001ffffffff", "window")] // 4 GiB
    [InlineData("000100010000000100000000" + "000100010000000100000000", "after stream")] // the same stream twice
    [InlineData("000100010000000500000000" + "000100010000000300000000", "after stream")] // ids run backwards
    [InlineData("0001000100000001ffffffff", "4 GiB")] // a window beyond 32 bits
    public async Task A_remote_that_breaks_the_protocol_ends_the_session(string hex, string reason)
    {
        await using var pair = new SessionPair();
        pair.ChannelA.Inject(Convert.FromHexString(hex));
        var error = Assert.IsType<WireException>(await pair.B.Closed.WaitAsync(Deadline));
        Assert.Equal(WireLayer.Yamux, error.Layer);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("000300000000000000000001", Convert.ToHexStringLower(pair.ChannelB.Sent[^1]));
    }

    [Fact]
    public async Task Data_beyond_the_window_of_a_stream_ends_the_session()
    {
        await using var pair = new SessionPair();
        var chunk = new byte[64 * 1024];
        pair.ChannelA.Inject(Header(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, 0)));
        for (var i = 0; i < 5; i++)
        {
            pair.ChannelA.Inject([.. Header(new YamuxFrame(YamuxType.Data, YamuxFlags.None, 1, (uint)chunk.Length)), .. chunk]);
        }

        Assert.Contains("window", (await pair.B.Closed.WaitAsync(Deadline)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_streams_hold_too_much_together_the_one_that_goes_beyond_is_reset()
    {
        await using var pair = new SessionPair(Options with { MaxBuffered = 100 });
        var first = pair.A.OpenStream(new byte[60]);
        var second = pair.A.OpenStream(new byte[60]);
        await Assert.ThrowsAsync<StreamResetException>(() => second.ReadAsync(new byte[1], Deadline).AsTask());

        // Reading makes room for others.
        Assert.Equal(60, await (await pair.AcceptedByB()).ReadAsync(new byte[100], Deadline));
        _ = await pair.AcceptedByB();
        _ = pair.A.OpenStream(new byte[90]);
        Assert.Equal(90, await (await pair.AcceptedByB()).ReadAsync(new byte[100], Deadline));
        Assert.Null(pair.B.Reason);
        first.CloseWrite();
    }

    [Fact]
    public async Task Bytes_that_nobody_reads_any_more_take_no_room_from_other_streams()
    {
        await using var pair = new SessionPair(Options with { MaxBuffered = 100 });
        for (var i = 0; i < 5; i++)
        {
            var sent = pair.A.OpenStream(new byte[60]);
            (await pair.AcceptedByB()).Reset("a message that is wrong from its first byte");
            await Assert.ThrowsAsync<StreamResetException>(() => sent.ReadAsync(new byte[1], Deadline).AsTask());
        }

        _ = pair.A.OpenStream(new byte[90]);
        Assert.Equal(90, await (await pair.AcceptedByB()).ReadAsync(new byte[100], Deadline));
    }

    [Fact]
    public async Task A_remote_that_makes_us_answer_and_does_not_read_ends_the_session()
    {
        await using var pair = new SessionPair();
        pair.ChannelB.Stalled = Task.Delay(Timeout.Infinite, Deadline);
        var pings = Enumerable.Repeat(Header(new YamuxFrame(YamuxType.Ping, YamuxFlags.Syn, 0, 7)), 1000).SelectMany(b => b).ToArray();

        // Three times the limit: what is under way already does not count.
        for (var i = 0; i < 300; i++)
        {
            pair.ChannelA.Inject(pings);
        }

        Assert.IsType<WireException>(await pair.B.Closed.WaitAsync(Deadline));
    }

    [Fact]
    public async Task Frames_for_unknown_streams_are_ignored()
    {
        await using var pair = new SessionPair();
        pair.ChannelA.Inject([
            .. Header(new YamuxFrame(YamuxType.Data, YamuxFlags.None, 99, 3)),
            1,
            2,
            3,
            .. Header(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, 97, 0)),
        ]);
        _ = pair.A.OpenStream("x"u8);
        Assert.Equal(1, await (await pair.AcceptedByB()).ReadAsync(new byte[5], Deadline));
    }

    [Fact]
    public async Task Streams_above_the_limit_are_reset()
    {
        await using var pair = new SessionPair(Options with { MaxInboundStreams = 2 });
        _ = pair.A.OpenStream("1"u8);
        _ = pair.A.OpenStream("2"u8);
        var third = pair.A.OpenStream("3"u8);
        await Assert.ThrowsAsync<StreamResetException>(() => third.ReadAsync(new byte[1], Deadline).AsTask());
        Assert.Equal(2, pair.B.StreamCount);
    }

    [Fact]
    public async Task A_ping_is_answered_with_its_value_and_measures_the_round_trip()
    {
        await using var pair = new SessionPair();
        pair.A.Tick();
        while (pair.A.RoundTripTime is null)
        {
            await Task.Delay(5, Deadline);
        }

        lock (pair.ChannelB.Sent)
        {
            Assert.Equal("000200020000000000000001", Convert.ToHexStringLower(Assert.Single(pair.ChannelB.Sent)));
        }
    }

    [Fact]
    public async Task A_remote_that_answers_no_ping_is_given_up()
    {
        var (a, _) = MemoryChannel.Pair();
        var clock = new ManualClock();
        var session = new YamuxSession(a, initiator: true, Options, clock, _ => { });
        _ = session.RunAsync();
        session.Tick();
        clock.Advance(Options.PingTimeout - TimeSpan.FromSeconds(1));
        session.Tick();
        Assert.Null(session.Reason);
        clock.Advance(TimeSpan.FromSeconds(2));
        session.Tick();
        Assert.Contains("ping", (await session.Closed.WaitAsync(Deadline)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_left_half_open_is_reset_after_a_while()
    {
        var (a, b) = MemoryChannel.Pair();
        var clock = new ManualClock();
        var session = new YamuxSession(a, initiator: true, Options, clock, _ => { });
        _ = session.RunAsync();
        session.OpenStream("x"u8).Abandon(clock.GetTimestamp());
        session.Tick();
        Assert.Equal(1, session.StreamCount);
        clock.Advance(Options.HalfCloseTimeout);
        session.Tick();
        Assert.Equal(0, session.StreamCount);
        await session.CloseAsync();
        b.Dispose();
    }

    [Fact]
    public async Task Go_away_lets_streams_finish_and_then_closes()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var b = await pair.AcceptedByB();
        pair.ChannelB.Inject(Header(new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 0)));
        await b.WriteAsync("y"u8.ToArray(), Deadline);
        Assert.Equal(1, await a.ReadAsync(new byte[1], Deadline));
        Assert.False(pair.A.IsOpen);
        Assert.Throws<ConnectionClosedException>(() => pair.A.OpenStream("z"u8));
        a.CloseWrite();
        b.CloseWrite();
        _ = await pair.A.Closed.WaitAsync(Deadline);
    }

    [Fact]
    public async Task The_end_of_the_connection_resets_every_stream()
    {
        await using var pair = new SessionPair();
        var a = pair.A.OpenStream("x"u8);
        var reading = a.ReadAsync(new byte[1], Deadline).AsTask();
        pair.ChannelB.Dispose();
        await Assert.ThrowsAsync<StreamResetException>(() => reading);
    }

    [Fact]
    public void Mutated_frames_in_pieces_of_any_size_end_in_nothing_but_typed_errors()
    {
        var random = new Random(17);
        byte[] valid =
        [
            .. Header(new YamuxFrame(YamuxType.Ping, YamuxFlags.Syn, 0, 1)),
            .. Header(new YamuxFrame(YamuxType.Data, YamuxFlags.Syn, 1, 4)),
            1,
            2,
            3,
            4,
            .. Header(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Syn, 3, 1000)),
            .. Header(new YamuxFrame(YamuxType.Data, YamuxFlags.Fin, 3, 2)),
            1,
            2,
            .. Header(new YamuxFrame(YamuxType.WindowUpdate, YamuxFlags.Rst, 1, 0)),
            .. Header(new YamuxFrame(YamuxType.GoAway, YamuxFlags.None, 0, 0)),
        ];
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            var (_, channel) = MemoryChannel.Pair();
            var session = new YamuxSession(channel, initiator: false, Options, TimeProvider.System, _ => { });
            ReadOnlySpan<byte> bytes = Fuzz.Mutate(random, valid);
            try
            {
                while (!bytes.IsEmpty)
                {
                    var piece = Math.Min(random.Next(1, 20), bytes.Length);
                    session.Process(bytes[..piece]);
                    bytes = bytes[piece..];
                }
            }
            catch (WireException e)
            {
                Assert.Equal(WireLayer.Yamux, e.Layer);
            }

            session.Abort(new ConnectionClosedException("done"));
        }
    }

    private static byte[] Header(YamuxFrame frame)
    {
        var header = new byte[YamuxFrame.HeaderLength];
        frame.Write(header);
        return header;
    }

    private sealed class SessionPair : IAsyncDisposable
    {
        private readonly ConcurrentQueue<YamuxStream> _accepted = [];
        private readonly Task _runA;
        private readonly Task _runB;

        public SessionPair(YamuxOptions? optionsOfB = null)
        {
            (ChannelA, ChannelB) = MemoryChannel.Pair();
            A = new YamuxSession(ChannelA, initiator: true, Options, TimeProvider.System, _ => { });
            B = new YamuxSession(ChannelB, initiator: false, optionsOfB ?? Options, TimeProvider.System, _accepted.Enqueue);
            _runA = A.RunAsync();
            _runB = B.RunAsync();
        }

        public MemoryChannel ChannelA { get; }

        public MemoryChannel ChannelB { get; }

        public YamuxSession A { get; }

        public YamuxSession B { get; }

        public async Task<YamuxStream> AcceptedByB()
        {
            var deadline = Deadline;
            while (true)
            {
                if (_accepted.TryDequeue(out var stream))
                {
                    return stream;
                }

                await Task.Delay(5, deadline);
            }
        }

        public async ValueTask DisposeAsync()
        {
            A.Abort(new ConnectionClosedException("the test is over"));
            B.Abort(new ConnectionClosedException("the test is over"));
            await Task.WhenAll(_runA, _runB).WaitAsync(Deadline);
        }
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
