using DhtTracer.Storage;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Repeats what fails: a Jaeger's answers and commits of the store alike. Pauses grow from a second to a minute, with jitter, so that many
/// pullers do not come back at the same moment. Every failure is an event of <see cref="PullMeter"/>.
/// </summary>
internal sealed class PullRetry
{
    private static readonly ResiliencePropertyKey<Attempts> State = new("attempts");
    private static readonly TimeSpan LogAgain = TimeSpan.FromHours(1);
    private readonly PullOptions _options;
    private readonly string _what;
    private readonly PullMeter _meter;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _pipeline;
    private DateTimeOffset? _failingSince;
    private DateTimeOffset? _logged;

    /// <summary>Makes the pipeline of one service.</summary>
    /// <param name="options">How long failures are repeated.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="meter">Hears of every failure.</param>
    /// <param name="clock">The clock of the pauses.</param>
    /// <param name="logger">Takes the first failure in a row, one each hour, and the end.</param>
    public PullRetry(PullOptions options, string what, PullMeter meter, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _what = what;
        _meter = meter;
        _clock = clock;
        _logger = logger;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromSeconds(1),
                    MaxDelay = TimeSpan.FromMinutes(1),
                    ShouldHandle = ShouldRepeatAsync,
                    OnRetry = args =>
                    {
                        Failed(args.Outcome.Exception!);
                        return ValueTask.CompletedTask;
                    },
                }
            )
            .Build();
    }

    /// <summary>Runs until it succeeds.</summary>
    /// <param name="operation">What to do. It must be safe to repeat.</param>
    /// <param name="isFinal">
    /// Says of a failure that repeating does not help, because of what was asked for; null when there is no such failure.
    /// </param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="JaegerReadException">A failure for which <paramref name="isFinal"/> said so.</exception>
    /// <exception cref="PullException">The Jaeger refuses, or was away for longer than the options allow.</exception>
    public async ValueTask<T> RunAsync<T>(
        Func<CancellationToken, ValueTask<T>> operation,
        Func<JaegerReadException, CancellationToken, ValueTask<bool>>? isFinal,
        CancellationToken cancellationToken
    )
    {
        var attempts = new Attempts { IsFinal = isFinal };
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(State, attempts);
        try
        {
            return await _pipeline.ExecuteAsync(static (context, run) => run(context.CancellationToken), context, operation);
        }
        catch (JaegerReadException e) when (attempts.GaveUp)
        {
            _meter.Failed(e.Message, final: true);
            throw new PullException(
                $"{_options.Source} did not answer for {_what}: {e.Message}. "
                    + "What was taken is stored; start the pull again to go on from there.",
                e
            );
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The Jaeger answered in full: failures are no longer in a row.</summary>
    public void Succeeded()
    {
        if (_logged is not null)
        {
            _logger.LogInformation("{Source} answers again for {What}", _options.Source, _what);
        }

        (_failingSince, _logged) = (null, null);
    }

    private async ValueTask<bool> ShouldRepeatAsync(RetryPredicateArguments<object> args)
    {
        switch (args.Outcome.Exception)
        {
            case StoreOverloadedException or DatabaseException { IsTransient: true }:
                return true;
            case JaegerReadException e:
                var attempts = args.Context.Properties.GetValue(State, new Attempts());
                if (attempts.IsFinal is { } isFinal && await isFinal(e, args.Context.CancellationToken))
                {
                    return false;
                }

                var now = _clock.GetUtcNow();
                _failingSince ??= now;
                attempts.GaveUp =
                    (e.Problem == JaegerReadProblem.Refused && _options.GiveUpAfter is not null)
                    || now - _failingSince > _options.GiveUpAfter;
                return !attempts.GaveUp;
            default:
                return false;
        }
    }

    private void Failed(Exception e)
    {
        _meter.Failed(e.Message, final: false);
        var now = _clock.GetUtcNow();
        if (_logged is not { } last || now - last > LogAgain)
        {
            _logged = now;
            _logger.LogWarning("{Source} does not answer for {What}, trying again: {Problem}", _options.Source, _what, e.Message);
        }
    }

    private sealed class Attempts
    {
        public Func<JaegerReadException, CancellationToken, ValueTask<bool>>? IsFinal { get; init; }

        public bool GaveUp { get; set; }
    }
}
