namespace DhtTracer.Libp2p.Yamux;

/// <summary>Splits incoming bytes, in pieces of any size, into frames, and passes on their data as it arrives.</summary>
/// <param name="onFrame">Handles a frame's header and returns its stream; null if it has none or it is unknown.</param>
internal sealed class YamuxParser(Func<YamuxFrame, YamuxStream?> onFrame)
{
    private readonly byte[] _header = new byte[YamuxFrame.HeaderLength];
    private int _headerLength;
    private YamuxFrame _frame;
    private YamuxStream? _stream;
    private uint _dataLeft;

    /// <summary>Processes bytes.</summary>
    /// <exception cref="WireException">The bytes break the protocol.</exception>
    public void Process(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_dataLeft > 0)
            {
                var part = bytes[..(int)Math.Min(_dataLeft, (uint)bytes.Length)];
                bytes = bytes[part.Length..];
                _dataLeft -= (uint)part.Length;
                _stream?.OnData(part);
            }
            else
            {
                var take = Math.Min(YamuxFrame.HeaderLength - _headerLength, bytes.Length);
                bytes[..take].CopyTo(_header.AsSpan(_headerLength));
                _headerLength += take;
                bytes = bytes[take..];
                if (_headerLength < YamuxFrame.HeaderLength)
                {
                    return;
                }

                _headerLength = 0;
                Begin(YamuxFrame.Read(_header));
            }

            if (_dataLeft == 0)
            {
                End();
            }
        }
    }

    private void Begin(YamuxFrame frame)
    {
        if (frame.Type <= YamuxType.WindowUpdate && frame.StreamId == 0)
        {
            throw new WireException(WireLayer.Yamux, "a data or window frame names stream 0");
        }

        _frame = frame;
        _dataLeft = frame.Type == YamuxType.Data ? frame.Length : 0;

        // Refuse it before reading any of it.
        if (_dataLeft > YamuxOptions.InitialWindow)
        {
            throw new WireException(WireLayer.Yamux, $"a frame of {frame.Length} bytes is larger than any window");
        }

        _stream = onFrame(frame);
    }

    /// <summary>Ends a frame. Its flags about the end of the stream are processed after its data.</summary>
    private void End()
    {
        if (_frame.Has(YamuxFlags.Rst))
        {
            _ = _stream?.Fail(new StreamResetException("The remote reset the stream."));
        }
        else if (_frame.Has(YamuxFlags.Fin))
        {
            _stream?.OnFin();
        }

        _stream = null;
    }
}
