using DhtTracer.Storage.Columns;

namespace DhtTracer.Storage.Sqlite.Tests.Blocks;

public sealed class ColumnCodecTests
{
    private static readonly long[][] Columns =
    [
        [],
        [0],
        [ColumnCodec.Unknown],
        [7, 7, 7],
        [7, ColumnCodec.Unknown, 7],
        [-1, 0, 1, ColumnCodec.Unknown],
        [0, 254],
        [0, 255, 256],
        [long.MaxValue],
        [long.MaxValue, 0],
        [long.MaxValue, ColumnCodec.Unknown + 1, ColumnCodec.Unknown],
        [1_795_000_000_000_000_000, 1_795_000_000_000_000_000 + (1L << 40), ColumnCodec.Unknown],
    ];

    [Fact]
    public void A_column_comes_back_as_it_was()
    {
        foreach (var values in Columns)
        {
            var decoded = new long[values.Length];
            ColumnCodec.Decode(ColumnCodec.Encode(values), decoded);
            Assert.Equal(values, decoded);
        }
    }

    [Fact]
    public void Numbers_of_every_width_come_back()
    {
        var random = new Random(5);
        for (var bits = 0; bits < 63; bits++)
        {
            var values = Enumerable
                .Range(0, 100)
                .Select(_ => random.Next(5) == 0 ? ColumnCodec.Unknown : random.NextInt64(1L << bits) - 50)
                .ToArray();
            var decoded = new long[values.Length];
            ColumnCodec.Decode(ColumnCodec.Encode(values), decoded);
            Assert.Equal(values, decoded);
        }
    }

    [Fact]
    public void A_column_that_was_cut_off_is_an_error_and_no_figures()
    {
        var bytes = ColumnCodec.Encode([1, 2, 3_000]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => ColumnCodec.Decode(bytes.AsSpan(0, length), new long[3]));
        }
    }
}
