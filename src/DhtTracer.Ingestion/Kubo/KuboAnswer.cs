using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using DhtTracer.Traces.KuboEvents;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>A Kubo's answer to a command, line by line. Disposing it before its end stops the command in the daemon.</summary>
public sealed class KuboAnswer : IAsyncDisposable
{
    /// <summary>Maximum number of lines read. A Kubo lookup has a few hundred.</summary>
    public const int MostLines = 200_000;

    private const int PieceBytes = 64 * 1024;
    private const string ErrorTrailer = "X-Stream-Error";

    private readonly KuboAddress _address;
    private readonly HttpResponseMessage _response;
    private readonly PipeReader? _lines;
    private readonly string? _error;

    internal KuboAnswer(KuboAddress address, HttpResponseMessage response, Stream body)
    {
        _address = address;
        _response = response;
        _lines = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: PieceBytes));
    }

    private KuboAnswer(KuboAddress address, HttpResponseMessage response, string error)
    {
        _address = address;
        _response = response;
        _error = error;
    }

    /// <summary>Makes an answer of one error line.</summary>
    internal static KuboAnswer OfError(KuboAddress address, HttpResponseMessage response, string error) => new(address, response, error);

    /// <summary>Reads the lines, each as soon as it arrives. Can be called once.</summary>
    /// <exception cref="KuboException">The connection was lost, or the answer is not a stream of events or is too large.</exception>
    public async IAsyncEnumerable<KuboLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (_lines is null)
        {
            yield return new KuboLine(null, _error);
            yield break;
        }

        var number = 0;
        var ended = false;
        while (!ended)
        {
            var read = await ReadPieceAsync(_lines, cancellation);
            var rest = read.Buffer;
            ended = read.IsCompleted;
            while (TryTakeLine(ref rest, ended, out var bytes))
            {
                number++;
                if (Parse(bytes, number) is { } line)
                {
                    yield return line;
                }
            }

            if (rest.Length > KuboLine.MaxLength)
            {
                throw new KuboException(
                    KuboProblem.TooLarge,
                    $"Line {number + 1} of the Kubo on {_address} is longer than {KuboLine.MaxLength} bytes."
                );
            }

            _lines.AdvanceTo(rest.Start, rest.End);
        }

        if (_response.TrailingHeaders.TryGetValues(ErrorTrailer, out var errors))
        {
            yield return new KuboLine(null, string.Join("; ", errors));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_lines is not null)
        {
            await _lines.CompleteAsync();
        }

        _response.Dispose();
    }

    private async Task<ReadResult> ReadPieceAsync(PipeReader lines, CancellationToken cancellation)
    {
        try
        {
            return await lines.ReadAsync(cancellation);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new KuboException(
                KuboProblem.Cut,
                $"The connection to the Kubo on {_address} was lost before the end of its answer. Was it stopped?",
                failure
            );
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> rest, bool ended, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }

        line = rest;
        if (!ended || rest.IsEmpty)
        {
            return false;
        }

        rest = rest.Slice(rest.End);
        return true;
    }

    private KuboLine? Parse(ReadOnlySequence<byte> bytes, int number)
    {
        if (number > MostLines)
        {
            throw new KuboException(KuboProblem.TooLarge, $"The Kubo on {_address} sends more than {MostLines} events.");
        }

        var text = bytes.ToArray();
        if (text.AsSpan().Trim(" \t\r"u8).IsEmpty)
        {
            return null;
        }

        return KuboLine.TryParse(text, out var line, out var problem)
            ? line
            : throw new KuboException(
                KuboProblem.NotKubo,
                $"Line {number} of the Kubo on {_address} is no event: {problem}. It begins with: {Begin(text)}"
            );
    }

    private static string Begin(byte[] text) => Encoding.UTF8.GetString(text.AsSpan(0, Math.Min(text.Length, 80)));
}
