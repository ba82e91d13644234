using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using DhtTracer.Traces.KuboLogs;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>The log of a running Kubo, as <c>log/tail</c> streams it.</summary>
public sealed class KuboLogStream : IAsyncDisposable
{
    private readonly KuboAddress _address;
    private readonly HttpResponseMessage _response;
    private readonly PipeReader _pieces;

    internal KuboLogStream(KuboAddress address, HttpResponseMessage response, Stream body) =>
        (_address, _response, _pieces) = (address, response, PipeReader.Create(body));

    /// <summary>
    /// Reads the lines, each as soon as it arrives; what is no line of a log is skipped. Ends when the daemon ends the stream. Can be
    /// called
    /// once.
    /// </summary>
    /// <exception cref="KuboException">The connection was lost, or a line is too long.</exception>
    public async IAsyncEnumerable<KuboLogLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var read = await ReadPieceAsync(cancellation);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                var line = rest.Slice(0, end).ToArray();
                rest = rest.Slice(rest.GetPosition(1, end));
                if (KuboLogLine.Parse(line) is { } parsed)
                {
                    yield return parsed;
                }
            }

            if (rest.Length > KuboLogLine.MaxLength)
            {
                throw new KuboException(
                    KuboProblem.TooLarge,
                    $"A line of the log of the Kubo on {_address} is longer than {KuboLogLine.MaxLength} bytes."
                );
            }

            _pieces.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                yield break;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _pieces.CompleteAsync();
        _response.Dispose();
    }

    private async Task<ReadResult> ReadPieceAsync(CancellationToken cancellation)
    {
        try
        {
            return await _pieces.ReadAsync(cancellation);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new KuboException(KuboProblem.Cut, $"The connection to the Kubo on {_address} was lost. Was it stopped?", failure);
        }
    }
}
