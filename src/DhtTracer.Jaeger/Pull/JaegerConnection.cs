using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Jaeger.Pull;

/// <summary>The reader in use for one Jaeger, chosen by what answers and chosen anew when it stays silent.</summary>
internal sealed class JaegerConnection(PullOptions options, ILogger logger) : IDisposable
{
    // A Jaeger that restarts is not one that has lost its gRPC: only a long silence is a reason to look around again.
    private const int FailuresBeforeNewChoice = 5;
    private readonly JaegerAddress _address = JaegerAddress.Parse(options.Source);
    private readonly SemaphoreSlim _choosing = new(1, 1);
    private readonly List<IJaegerReader> _retired = [];
    private IJaegerReader? _current;
    private int _failures;

    /// <summary>The transport in use; <see cref="PullTransport.Automatic"/> while none is chosen.</summary>
    public PullTransport Transport => _current?.Transport ?? PullTransport.Automatic;

    /// <summary>Who answers trace summaries, which a Jaeger has since v2.19; null when nobody does.</summary>
    public IJaegerReader? Summaries { get; private set; }

    /// <summary>What the server is, as far as its answers tell; null while none is chosen.</summary>
    public string? Server { get; private set; }

    /// <summary>The reader in use; looks for one when there is none.</summary>
    /// <exception cref="JaegerReadException">Nothing answers.</exception>
    public async Task<IJaegerReader> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _current) is { } reader)
        {
            return reader;
        }

        await _choosing.WaitAsync(cancellationToken);
        try
        {
            if (_current is null)
            {
                var chosen = await ChooseAsync(cancellationToken);
                (Summaries, Server) = await JaegerRecognition.RecogniseAsync(chosen, Neighbour(chosen), options, cancellationToken);
                if (Summaries is { } summaries && summaries != chosen)
                {
                    Retire(summaries);
                }

                _current = chosen;
            }

            return _current;
        }
        finally
        {
            _choosing.Release();
        }
    }

    /// <summary>A call succeeded.</summary>
    public void Succeeded() => Interlocked.Exchange(ref _failures, 0);

    /// <summary>A call failed; after some in a row the next <see cref="GetAsync"/> looks around again.</summary>
    public void Failed(IJaegerReader reader)
    {
        if (
            options.Transport == PullTransport.Automatic
            && Interlocked.Increment(ref _failures) >= FailuresBeforeNewChoice
            && Interlocked.CompareExchange(ref _current, null, reader) == reader
        )
        {
            // Another service may be in the middle of a call on it.
            Retire(reader);
            Interlocked.Exchange(ref _failures, 0);
        }
    }

    public void Dispose()
    {
        _current?.Dispose();
        foreach (var reader in _retired)
        {
            reader.Dispose();
        }

        _choosing.Dispose();
    }

    /// <summary>Where HTTP is, when any transport may be used.</summary>
    private Uri? Neighbour(IJaegerReader chosen) =>
        options.Transport == PullTransport.Automatic || chosen.Transport is PullTransport.HttpV3 or PullTransport.HttpV1
            ? _address.Http
            : null;

    private void Retire(IJaegerReader reader)
    {
        lock (_retired)
        {
            _retired.Add(reader);
        }
    }

    private async Task<IJaegerReader> ChooseAsync(CancellationToken cancellationToken)
    {
        var problems = new List<(PullTransport Transport, string Problem)>();
        foreach (var reader in Candidates())
        {
            try
            {
                await reader.GetServicesAsync(cancellationToken);
                logger.LogInformation("Pulling from {Address} over {Transport}", reader.Address, reader.Transport);
                return reader;
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.NotSpoken)
            {
                problems.Add((reader.Transport, e.GetBaseException() is SocketException refused ? refused.Message : e.Message));
                reader.Dispose();
            }
            catch
            {
                // It is there but not well. A lesser transport would cut times that the better one keeps, so wait for it.
                reader.Dispose();
                throw;
            }
        }

        // Mostly nobody is there at all, and every way says the same.
        var different = problems.DistinctBy(item => item.Problem).Count() > 1;
        var why = different
            ? string.Join("; ", problems.Select(item => $"{Name(item.Transport)}: {item.Problem}"))
            : problems.FirstOrDefault().Problem;
        throw new JaegerReadException(JaegerReadProblem.Unavailable, $"No Jaeger answers at {options.Source}: {why}");
    }

    private static string Name(PullTransport transport) =>
        transport switch
        {
            PullTransport.Grpc => "gRPC",
            PullTransport.GrpcV3 => "gRPC v3",
            PullTransport.HttpV3 => "HTTP v3",
            _ => "HTTP v1",
        };

    private IEnumerable<IJaegerReader> Candidates()
    {
        bool Wanted(PullTransport transport) => options.Transport == PullTransport.Automatic || options.Transport == transport;
        if (_address.Grpc is { } grpc && Wanted(PullTransport.Grpc))
        {
            yield return new GrpcJaegerReader(grpc, options);
        }
        else if (options.Transport == PullTransport.Grpc)
        {
            // Forced: then the port that was named is meant.
            yield return new GrpcJaegerReader(_address.Http!, options);
        }

        if (_address.Grpc is { } grpcV3 && Wanted(PullTransport.GrpcV3))
        {
            yield return new GrpcV3JaegerReader(grpcV3, options);
        }
        else if (options.Transport == PullTransport.GrpcV3)
        {
            yield return new GrpcV3JaegerReader(_address.Http!, options);
        }

        if (_address.Http is { } http && Wanted(PullTransport.HttpV3))
        {
            yield return new HttpV3JaegerReader(http, options);
        }

        if (_address.Http is { } old && Wanted(PullTransport.HttpV1))
        {
            yield return new HttpV1JaegerReader(old, options);
        }
    }
}
